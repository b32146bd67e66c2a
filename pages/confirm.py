"""What a person does by a button, and the questions asked before what cannot be undone.

A question is asked outside the part that refreshes, and with every drawing of the whole page until it is answered:
neither a refresh nor an upload that ends meanwhile closes it.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from jobs.errors import TranscriptDeskError
from jobs.policy import NotAllowed, Person
from jobs.readings import AWAY, DatabaseAway
from jobs.retry_cancel import NotPossible
from jobs.sign_in import SignInRefused
from pages import live
from pages.places import Place
from pages.plain import plain
from pages.signed_in import person

ASKED = "asked"  # what is about to be done: (the dialog that asks, its arguments)
ASKED_ON = "asked-on"  # the page, and what of it was shown, when this was asked
TOLD = "told"  # what the last click did not change, or how much it did


def answered() -> None:
    """The question that was asked is open no more."""
    for about_it in (ASKED, ASKED_ON):
        st.session_state.pop(about_it, None)


question = partial(st.dialog, on_dismiss=answered)  # the decorator of what asks


def act(
    label: str,
    change: Callable[[Person], object],
    *,
    key: str,
    icon: str,
    type: Literal["primary", "secondary", "tertiary"] = "primary",
    help: str | None = None,
    disabled: bool = False,
) -> None:
    """A button that does it, as whoever presses it, and draws the page anew; what was not possible is then said."""
    pressed = st.button(
        label,
        key=key,
        icon=f":material/{icon}:",
        type=type,
        help=help,
        disabled=disabled,
        on_click=attempt,
        args=(change,),
    )
    if pressed:
        st.rerun()


def decide(leave: str, label: str, change: Callable[[Person], object], *, key: str, icon: str) -> None:
    """The end of a question: a button that leaves everything as it is, and one that does it."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(leave, on_click=answered):
            st.rerun()
        act(label, change, key=key, icon=icon)


def ask_again(place: Place) -> None:
    """Ask what is asked on this page; before the page is drawn, outside the part that refreshes."""
    here = (place, st.query_params.to_dict())
    if ASKED in st.session_state and st.session_state.setdefault(ASKED_ON, here) == here:
        dialog, arguments = st.session_state[ASKED]
        dialog(*arguments)
    else:
        answered()  # the person went elsewhere


def say() -> None:
    """Say why the last click changed nothing; after the page was drawn, when no more can be begun anew."""
    if TOLD in st.session_state:
        st.toast(st.session_state.pop(TOLD), icon=":material/info:", duration="long")


def tell(sentence: str) -> None:
    """Say it once, as soon as the page is drawn anew."""
    st.session_state[TOLD] = sentence


def attempt(change: Callable[[Person], object]) -> None:
    """A callback, which runs before anything is drawn, wherever its button stood: who presses it is asked now."""
    answered()
    try:
        change(person())
    except SignInRefused:
        return  # the page that is drawn next says why
    except TranscriptDeskError as error:
        tell(plain(error.sentence))
    except (NotPossible, NotAllowed, LookupError, ValueError) as error:
        tell(plain(str(error)))
    except (DatabaseAway, *AWAY):
        tell("The database does not answer, so nothing was changed. Please try again in a minute.")
    live.changed()


def ask(
    label: str,
    dialog: Callable[..., None],
    arguments: tuple[object, ...],
    *,
    key: str,
    icon: str,
    type: Literal["primary", "secondary", "tertiary"] = "secondary",
    help: str | None = None,
) -> None:
    """A button that opens `dialog(*arguments)` before anything is done."""
    st.button(label, key=key, icon=f":material/{icon}:", type=type, help=help, on_click=_open, args=(dialog, arguments))


def _open(dialog: Callable[..., None], arguments: tuple[object, ...]) -> None:
    """A callback: the drawing of the page may be stopped before it comes to the button, or never come to it again, and
    the click would be lost."""
    answered()  # whatever was asked before
    st.session_state[ASKED] = (dialog, arguments)
    st.rerun()  # of the whole page, also where the button stands in a part of it that refreshes
