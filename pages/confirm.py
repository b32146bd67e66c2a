"""What a person does to a session, and the questions asked before what cannot be undone.

The questions are asked outside the part that refreshes, so that a refresh never closes them.
"""

import uuid
from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from jobs import messages, retry_cancel
from jobs.errors import TranscriptDeskError
from jobs.policy import NotAllowed, Person
from jobs.retry_cancel import NotPossible
from jobs.session_view import SessionView
from jobs.sign_in import SignInRefused
from pages import live
from pages.plain import plain
from pages.readings import AWAY, DatabaseAway
from pages.signed_in import person

ASKED = "asked"  # what is about to be done: (the dialog that asks, its arguments)
TOLD = "told"  # what the last click did not change, or how much it did


def buttons(view: SessionView, *, detailed: bool) -> None:
    """The buttons that the session's state allows its coach."""
    session_id = view.session_id
    if view.can_retry:
        label = "Retry" if view.error_code else "Start again"
        act(
            label,
            lambda who: retry_cancel.retry(session_id, person=who),
            key=f"retry-{session_id}",
            icon="replay",
            type="secondary" if view.message == messages.FAILED_FOR_GOOD else "primary",
        )
        if view.error_code and detailed:
            st.page_link("my_sessions.py", label="Upload new file", icon=":material/upload:")
        elif view.error_code:
            st.markdown("[:material/upload: Upload new file](#upload)", width="content")
    if view.can_cancel:
        _ask_about(view, "Cancel", _confirm_cancel, icon="close")
    if view.can_delete and detailed:
        _ask_about(view, "Delete", _confirm_delete, icon="delete", type="tertiary")


def repair_buttons(view: SessionView) -> None:
    """What operations may do to a session that does not move."""
    session_id = view.session_id
    act(
        "Retry",
        lambda who: retry_cancel.requeue(session_id, person=who),
        key=f"requeue-{session_id}",
        icon="replay",
        help="Queue it again now",
    )
    _ask_about(view, "Fail", _confirm_fail, icon="block", help="Give it up, so that its coach can act")
    _ask_about(view, "Cancel", _confirm_cancel, icon="close")


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


def say_and_ask() -> None:
    """Say why the last click changed nothing, and open the question it asked for; outside the part that refreshes."""
    if TOLD in st.session_state:
        st.toast(st.session_state.pop(TOLD), icon=":material/info:", duration="long")
    if ASKED in st.session_state:
        dialog, arguments = st.session_state.pop(ASKED)
        dialog(*arguments)


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


def _ask_about(view: SessionView, label: str, dialog: Callable[..., None], **look: Any) -> None:
    ask(label, dialog, (view.session_id, view.title), key=f"{label.lower()}-{view.session_id}", **look)


@st.dialog("Cancel this transcription?")
def _confirm_cancel(session_id: uuid.UUID, title: str) -> None:
    st.markdown(f"**{plain(title)}** stops within seconds. The recording is kept, and you can start it again later.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it running"):
            st.rerun()
        act(
            "Cancel transcription",
            lambda who: retry_cancel.cancel(session_id, person=who),
            key="confirm-cancel",
            icon="close",
        )


@st.dialog("Delete this session?")
def _confirm_delete(session_id: uuid.UUID, title: str) -> None:
    st.markdown(
        f"**{plain(title)}**, its recording and its transcript are removed **for good**. This cannot be undone."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        act(
            "Delete for good",
            lambda who: retry_cancel.delete(session_id, person=who),
            key="confirm-delete",
            icon="delete",
        )


@st.dialog("Give this session up?")
def _confirm_fail(session_id: uuid.UUID, title: str) -> None:
    st.markdown(f"**{plain(title)}** becomes failed. What is finished of it is kept, and its coach can retry it.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Leave it"):
            st.rerun()
        act(
            "Fail it",
            lambda who: retry_cancel.give_up(session_id, person=who),
            key="confirm-fail",
            icon="block",
        )
