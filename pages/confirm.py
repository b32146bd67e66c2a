"""What a person does to a session, and the questions asked before what cannot be undone.

The questions are asked outside the part that refreshes, so that a refresh never closes them.
"""

import uuid
from collections.abc import Callable

import streamlit as st

from jobs import retry_cancel
from jobs.errors import TranscriptDeskError
from jobs.retry_cancel import NotPossible, SessionNotFound
from jobs.session_view import SessionView
from pages import live
from pages.plain import plain
from pages.readings import AWAY
from store.settings import settings

OPERATIONS = "operations"
ASKED = "asked"  # what the coach was about to do: (question, session id, title)


def buttons(view: SessionView, *, detailed: bool) -> None:
    """The buttons that the session's state allows."""
    key = view.session_id
    if view.can_retry:
        label = "Retry" if view.error_code else "Start again"
        if st.button(label, key=f"retry-{key}", icon=":material/replay:", type="primary"):
            act(lambda: retry_cancel.retry(key, actor=settings().owner, owner=settings().owner))
    if view.error_code and view.can_retry:
        st.page_link("my_sessions.py", label="Upload new file", icon=":material/upload:")
    if view.can_cancel and st.button("Cancel", key=f"cancel-{key}", icon=":material/close:"):
        _ask("cancel", view)
    if (
        view.can_delete
        and detailed
        and st.button("Delete", key=f"delete-{key}", icon=":material/delete:", type="tertiary")
    ):
        _ask("delete", view)


def repair_buttons(view: SessionView) -> None:
    """What operations may do to a session that does not move."""
    key = view.session_id
    if st.button("Retry", key=f"requeue-{key}", icon=":material/replay:", type="primary", help="Queue it again now"):
        act(lambda: retry_cancel.requeue(key, actor=OPERATIONS))
    if st.button("Fail", key=f"fail-{key}", icon=":material/block:", help="Give it up, so that its coach can act"):
        _ask("fail", view)
    if st.button("Cancel", key=f"cancel-{key}", icon=":material/close:"):
        _ask("cancel", view)


def act(change: Callable[[], object], *, then: str | None = None) -> None:
    """Do it and draw the page anew, or `then` another one; what is not possible is said in a sentence."""
    try:
        change()
    except (NotPossible, SessionNotFound, ValueError) as error:
        st.toast(f"{error}", icon=":material/info:")
        return
    except TranscriptDeskError as error:
        st.error(error.sentence)
        return
    except AWAY:
        st.error("The database does not answer at the moment, so nothing was changed. Please try again in a minute.")
        return
    live.changed()
    if then:
        st.switch_page(then)
    st.rerun()


def ask_what_was_asked() -> None:
    """Open the question that the last click asked for; call it outside the part that refreshes."""
    if ASKED in st.session_state:
        question, session_id, title = st.session_state.pop(ASKED)
        {"cancel": _confirm_cancel, "delete": _confirm_delete, "fail": _confirm_fail}[question](session_id, title)


def _ask(question: str, view: SessionView) -> None:
    st.session_state[ASKED] = (question, view.session_id, view.title)
    st.rerun()


@st.dialog("Cancel this transcription?")
def _confirm_cancel(session_id: uuid.UUID, title: str) -> None:
    st.markdown(f"**{plain(title)}** stops within seconds. The recording is kept, and you can start it again later.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it running"):
            st.rerun()
        if st.button("Cancel transcription", type="primary"):
            act(lambda: retry_cancel.cancel(session_id, actor=settings().owner, owner=settings().owner))


@st.dialog("Delete this session?")
def _confirm_delete(session_id: uuid.UUID, title: str) -> None:
    st.markdown(
        f"**{plain(title)}**, its recording and its transcript are removed **for good**. This cannot be undone."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button("Delete for good", type="primary"):
            act(lambda: retry_cancel.delete(session_id, owner=settings().owner), then="my_sessions.py")


@st.dialog("Give this session up?")
def _confirm_fail(session_id: uuid.UUID, title: str) -> None:
    st.markdown(f"**{plain(title)}** becomes failed. What is finished of it is kept, and its coach can retry it.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Leave it"):
            st.rerun()
        if st.button("Fail it", type="primary"):
            act(lambda: retry_cancel.give_up(session_id, actor=OPERATIONS))
