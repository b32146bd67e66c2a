"""What the settings promise of a finished session: until when its recording and its words are kept."""

from datetime import datetime

import streamlit as st

from jobs.session_view import SessionView
from pages import viewer


def draw(view: SessionView) -> None:
    """A line on the session's page; nothing where everything is kept for good."""
    if sentences := announced(view):
        st.caption(f":material/auto_delete: {' '.join(sentences)}")


def announced(view: SessionView) -> list[str]:
    """`The recording is deleted on 3 March; the transcript stays until 9 May.`"""
    gone = [
        f"The {what} was deleted on {viewer.day(at)}, as is set for this desk."
        for what, at in (("recording", view.audio_deleted_at), ("transcript", view.transcript_deleted_at))
        if at
    ]
    recording = None if view.audio_deleted_at else view.audio_kept_until
    words = None if view.transcript_deleted_at else view.transcript_kept_until
    return [*gone, *_to_come(recording, words, view.session_kept_until, has_words=not view.transcript_deleted_at)]


def _to_come(
    recording: datetime | None, words: datetime | None, session: datetime | None, *, has_words: bool
) -> list[str]:
    if recording and recording == words:
        return [f"The recording and the transcript are deleted on {viewer.day(recording)}."]
    if recording and words and words > recording:
        return [f"The recording is deleted on {viewer.day(recording)}; the transcript stays until {viewer.day(words)}."]
    if recording and has_words and words is None:
        return [f"The recording is deleted on {viewer.day(recording)}; the transcript stays."]
    told = [
        f"The {what} is deleted on {viewer.day(at)}."
        for what, at in (("transcript", words), ("recording", recording))
        if at
    ]
    if not told and session:
        told = [f"What is left of this session is deleted on {viewer.day(session)}."]
    return told
