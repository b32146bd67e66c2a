"""The buttons that act on one session: those of its coach, and those by which operations mend it."""

import uuid
from collections.abc import Callable
from typing import Any

import streamlit as st

from jobs import messages, retry_cancel
from jobs.session_view import SessionView
from pages import confirm
from pages.plain import plain


def draw(view: SessionView, *, detailed: bool) -> None:
    """The buttons that the session's state allows its coach."""
    session_id = view.session_id
    if view.can_retry:
        label = "Retry" if view.error_code else "Start again"
        confirm.act(
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


def shape(view: SessionView) -> tuple[object, ...]:
    """All that these buttons are drawn from."""
    given_up = view.message == messages.FAILED_FOR_GOOD
    return view.can_retry, view.can_cancel, view.can_delete, view.error_code, given_up


def draw_repair(view: SessionView) -> None:
    """What operations may do to a session that does not move."""
    session_id = view.session_id
    confirm.act(
        "Retry",
        lambda who: retry_cancel.requeue(session_id, person=who),
        key=f"requeue-{session_id}",
        icon="replay",
        help="Queue it again now",
    )
    _ask_about(view, "Fail", _confirm_fail, icon="block", help="Give it up, so that its coach can act")
    _ask_about(view, "Cancel", _confirm_cancel, icon="close")


def _ask_about(view: SessionView, label: str, dialog: Callable[..., None], **look: Any) -> None:
    confirm.ask(label, dialog, (view.session_id, view.title), key=f"{label.lower()}-{view.session_id}", **look)


@confirm.question("Cancel this transcription?")
def _confirm_cancel(session_id: uuid.UUID, title: str) -> None:
    st.markdown(f"**{plain(title)}** stops within seconds. The recording is kept, and you can start it again later.")
    confirm.decide(
        "Keep it running",
        "Cancel transcription",
        lambda who: retry_cancel.cancel(session_id, person=who),
        key="confirm-cancel",
        icon="close",
    )


@confirm.question("Delete this session?")
def _confirm_delete(session_id: uuid.UUID, title: str) -> None:
    st.markdown(
        f"**{plain(title)}**, its recording and its transcript are removed **for good**. This cannot be undone."
    )
    confirm.decide(
        "Keep it",
        "Delete for good",
        lambda who: retry_cancel.delete(session_id, person=who),
        key="confirm-delete",
        icon="delete",
    )


@confirm.question("Give this session up?")
def _confirm_fail(session_id: uuid.UUID, title: str) -> None:
    st.markdown(f"**{plain(title)}** becomes failed. What is finished of it is kept, and its coach can retry it.")
    confirm.decide(
        "Leave it",
        "Fail it",
        lambda who: retry_cancel.give_up(session_id, person=who),
        key="confirm-fail",
        icon="block",
    )
