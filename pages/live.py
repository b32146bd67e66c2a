"""What refreshes by itself: the only timer of the pages, and what they say when the database is away."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import streamlit as st

from jobs.policy import NotAllowed, Person
from jobs.readings import DatabaseAway, readings
from jobs.sign_in import SignInRefused
from pages import signed_in, viewer
from store.database import transaction
from store.session_queries import by_ids
from store.settings import settings

Facts = TypeVar("Facts")


def show(draw: Callable[[Facts], None], question: Callable[..., Facts], *arguments: Any, stamp: bool = True) -> None:
    """Draw the answer to `question(*arguments)` now and every few seconds; `stamp` says how fresh it is.

    The Person among the arguments is looked at anew each time: whoever is out, or has another role now, sees the frame
    of all pages decide, and no answer.
    """
    with st.container():  # of its own, see docs/decisions/0025-live-page.md
        st.fragment(_refresh, run_every=settings().refresh_sec)(draw, question, arguments, stamp)


def ask(question: Callable[..., Facts], *arguments: Any) -> Facts:
    """The answer for a part of the page that does not refresh; DatabaseAway when there is none."""
    return readings().ask(question, *arguments).facts


def changed() -> None:
    """Something was changed here: everyone reads anew."""
    readings().forget()


def wait_for_database() -> None:
    """Instead of a page: say that the database is away, and draw the page as soon as it is back."""
    st.fragment(_wait, run_every=settings().refresh_sec)()


def _refresh(
    draw: Callable[[Any], None], question: Callable[..., Any], arguments: tuple[Any, ...], stamp: bool
) -> None:
    try:
        if any(isinstance(argument, Person) and argument != signed_in.person() for argument in arguments):
            st.rerun()
        reading = readings().ask(question, *arguments)
    except DatabaseAway:
        _say_away()
        return
    except (SignInRefused, NotAllowed):
        st.rerun()
    if reading.fresh:
        draw(reading.facts)
        if stamp:
            _say_how_fresh(reading.at)
        return
    if stamp:
        st.warning(
            f"The database does not answer. What you see is from **{viewer.exact_time(reading.at)}**, not live. "
            "Uploaded recordings are safe; this page goes on by itself.",
            icon=":material/cloud_off:",
        )
    with st.container(key=f"live-{'stamped' if stamp else question.__name__}"):
        draw(reading.facts)
    st.html("<style>[class*='st-key-live-'] { opacity: 0.45; filter: grayscale(0.7); }</style>")


def _say_how_fresh(at: datetime) -> None:
    """The second half appears by itself when no refresh has replaced it in time: the server or the network is gone."""
    st.html(
        f'<div class="freshness">As of {viewer.exact_time(at)}<span class="late" style="animation-delay: '
        f'{_late_sec():g}s"> · not refreshed since, reconnecting…</span></div>'
    )


def _late_sec() -> float:
    return 2 * settings().refresh_sec + 5


def _wait() -> None:
    try:
        readings().ask(_reachable)
    except DatabaseAway:
        _say_away()
    else:
        st.rerun()


def _reachable() -> bool:
    with transaction() as db:
        by_ids(db, [])
    return True


def _say_away() -> None:
    st.warning(
        "The database does not answer at the moment. Uploaded recordings are safe; this page goes on by itself.",
        icon=":material/cloud_off:",
    )
