"""One session by its link."""

import uuid
from collections.abc import Callable

import pytest
import streamlit as st

from jobs import retry_cancel
from jobs.session_view import SessionView
from pages import session_buttons
from store.database import transaction
from store.session_queries import by_id
from tests.instruments.claims import claimed, complete, finish_chunk, record_of
from tests.instruments.screens import opened, percentages, pressed, said

NewSession = Callable[..., uuid.UUID]


def test_a_running_session_shows_words_attempts_history_and_details(new_session: NewSession) -> None:
    session_id = new_session(title="Anna, third meeting")
    finish_chunk(claimed())
    app = opened("session.py", session=session_id)
    words = said(app)
    for expected in (
        "Anna, third meeting",
        "Words so far",
        "Why is it slow?",
        "Attempts",
        "History",
        "Waiting in queue",
    ):
        assert expected in words
    assert "PocketSphinx" in words
    assert str(session_id) in words
    assert percentages(app) == [record_of(session_id).progress] or percentages(app)[0] > 0


def test_a_completed_session_offers_four_formats_and_the_player(new_session: NewSession) -> None:
    session_id = new_session()
    complete(claimed())
    app = opened("session.py", session=session_id)
    assert [button.label for button in app.get("download_button")] == ["TXT", "SRT", "VTT", "JSON"]
    assert "Transcript" in said(app)
    assert app.get("bidi_component")


def test_a_recording_without_speech_says_so(new_session: NewSession) -> None:
    session_id = new_session()
    complete(claimed(), segments=[])
    assert "Nobody is heard to speak" in said(opened("session.py", session=session_id))


def test_delete_asks_first_then_removes_and_goes_home(new_session: NewSession) -> None:
    session_id = new_session()
    retry_cancel.cancel(session_id, actor="coach")
    asked = pressed(opened("session.py", session=session_id), "Delete")
    assert "cannot be undone" in said(asked)
    assert "This session is not here" in said(pressed(asked, "Delete for good"))
    with transaction() as db:
        assert by_id(db, session_id) is None


def test_an_unknown_session_has_a_page_that_says_so(new_session: NewSession) -> None:
    somebody_elses = new_session(owner="somebody-else")
    for asked in (uuid.uuid4(), "nonsense", "", somebody_elses):
        words = said(opened("session.py", session=asked))
        assert "This session is not here" in words
        assert "My sessions" in words


def test_a_link_on_the_plain_address_opens_the_session(new_session: Callable[..., uuid.UUID]) -> None:
    session_id = new_session(title="Linked")
    words = said(opened("my_sessions.py", session=session_id))
    assert str(session_id) in words


def test_a_question_belongs_to_the_session_that_was_shown(new_session: NewSession) -> None:
    first, second = new_session(title="Anna"), new_session(title="Ben")
    app = pressed(opened("session.py", session=first), "Cancel")
    assert "stops within seconds" in said(app)
    assert "stops within seconds" in said(app.run())
    app.query_params["session"] = str(second)
    assert "stops within seconds" not in said(app.run())


def test_a_question_is_asked_although_the_drawing_never_came_to_its_button(
    new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when something else on the page is changed right after the click."""
    app = opened("session.py", session=new_session(title="Anna"))
    stopped = iter([True])
    draw = session_buttons.draw

    def stopped_once(view: SessionView, *, detailed: bool) -> None:
        if next(stopped, False):
            st.rerun()
        draw(view, detailed=detailed)

    monkeypatch.setattr(session_buttons, "draw", stopped_once)
    assert "stops within seconds" in said(pressed(app, "Cancel"))
