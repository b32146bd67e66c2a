"""What a person does by a button, and the questions asked before what cannot be undone.

The questions are asked outside the part that refreshes, so that a refresh never closes them.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from jobs.errors import TranscriptDeskError
from jobs.policy import NotAllowed, Person
from jobs.retry_cancel import NotPossible
from jobs.sign_in import SignInRefused
from pages import live
from pages.plain import plain
from pages.readings import AWAY, DatabaseAway
from pages.signed_in import person

ASKED = "asked"  # what is about to be done: (the dialog that asks, its arguments)
ASKING = "asking"  # whether a question is open; when it ends, however that may be, the whole page is drawn anew
TOLD = "told"  # what the last click did not change, or how much it did

question = partial(st.dialog, on_dismiss="rerun")  # the decorator of what asks


def act(
    label: str,
    change: Callable[[Person], object],
    *,
    key: str,
    icon: str,
    type: Literal["primary", "secondary", "tertiary"] = "primary",
    help: str | None = None,
) -> None:
    """A button that does it, as whoever presses it, and draws the page anew; what was not possible is then said."""
    pressed = st.button(
        label, key=key, icon=f":material/{icon}:", type=type, help=help, on_click=_attempt, args=(change,)
    )
    if pressed:
        st.rerun()


def decide(leave: str, label: str, change: Callable[[Person], object], *, key: str, icon: str) -> None:
    """The end of a question: a button that leaves everything as it is, and one that does it."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(leave):
            st.rerun()
        act(label, change, key=key, icon=icon)


def say_and_ask() -> None:
    """Say why the last click changed nothing, and open the question it asked for; outside the part that refreshes."""
    if TOLD in st.session_state:
        st.toast(st.session_state.pop(TOLD), icon=":material/info:", duration="long")
    st.session_state[ASKING] = ASKED in st.session_state
    if ASKED in st.session_state:
        dialog, arguments = st.session_state.pop(ASKED)
        dialog(*arguments)


def is_asking() -> bool:
    """Whether a question is open, which drawing the whole page anew would close."""
    return bool(st.session_state.get(ASKING))


def tell(sentence: str) -> None:
    """Say it once, as soon as the page is drawn anew."""
    st.session_state[TOLD] = sentence


def _attempt(change: Callable[[Person], object]) -> None:
    """A callback, which runs before anything is drawn, wherever its button stood: who presses it is asked now."""
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
    if st.button(label, key=key, icon=f":material/{icon}:", type=type, help=help):
        st.session_state[ASKED] = (dialog, arguments)
        st.rerun()
