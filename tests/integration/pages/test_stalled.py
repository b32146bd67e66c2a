"""Stalled jobs: what does not move, why, and the buttons that mend it."""

import uuid
from collections.abc import Callable

import pytest

from store import engine_stops
from store.database import transaction
from store.states import Status
from tests.instruments.claims import claimed, record_of, set_facts, worker_dies
from tests.instruments.screens import opened, pressed, said

NewSession = Callable[..., uuid.UUID]


@pytest.fixture
def stalled(new_session: NewSession) -> uuid.UUID:
    session_id = new_session(title="Anna")
    claimed(worker="host-7")
    worker_dies(session_id)
    return session_id


def test_nothing_is_stalled() -> None:
    words = said(opened("stalled.py"))
    assert "Nothing is stalled" in words
    assert "Workers alive" in words


def test_a_session_that_moves_is_not_stalled(new_session: NewSession) -> None:
    new_session()
    claimed()
    assert "Nothing is stalled" in said(opened("stalled.py"))


def test_a_silent_worker_is_shown_with_what_both_sides_say(stalled: uuid.UUID) -> None:
    words = said(opened("stalled.py"))
    for expected in ("Anna", "No heartbeat for", "host-7", "not registered", "claim 1", "RQ has forgotten the job"):
        assert expected in words


def test_retry_hands_it_back_to_the_queue(stalled: uuid.UUID) -> None:
    assert "Nothing is stalled" in said(pressed(opened("stalled.py"), "Retry"))
    assert record_of(stalled).status is Status.PENDING


def test_fail_asks_first(stalled: uuid.UUID) -> None:
    asked = pressed(opened("stalled.py"), "Fail")
    assert record_of(stalled).status is Status.PROCESSING
    pressed(asked, "Fail it")
    assert record_of(stalled).status is Status.FAILED


def test_cancel_asks_first(stalled: uuid.UUID) -> None:
    pressed(pressed(opened("stalled.py"), "Cancel"), "Cancel transcription")
    assert record_of(stalled).status is Status.CANCELLED


def test_a_waiting_session_without_any_worker_is_shown(new_session: NewSession) -> None:
    session_id = new_session(title="Ben")
    set_facts(session_id, "queued_at = clock_timestamp() - interval '10 minutes'")
    words = said(opened("stalled.py"))
    assert "Nobody comes" in words
    assert "No worker is alive" in words


def test_without_redis_the_page_says_so(new_session: NewSession, settings_of: Callable[..., None]) -> None:
    settings_of(redis_url="redis://127.0.0.1:1/0")
    assert "Redis does not answer" in said(opened("stalled.py"))


@pytest.fixture
def refused(new_session: NewSession) -> uuid.UUID:
    with transaction() as db:
        cause = ("engine-refused", "The transcription service refuses this desk.", "403 PERMISSION_DENIED speech.…")
        engine_stops.stop(db, "google", cause, wait_sec=60)
    return new_session(engine="google", title="Ben")


def test_an_engine_that_refuses_this_desk_is_told_of_with_what_it_said(refused: uuid.UUID) -> None:
    words = said(opened("stalled.py"))
    for expected in (
        "Google Speech-to-Text is stopped since",
        "403 PERMISSION_DENIED",
        "make doctor",
        "wait for it: 1",
    ):
        assert expected in words
    assert "Nothing is stalled" not in words


def test_what_waits_for_it_is_not_called_stalled(refused: uuid.UUID) -> None:
    set_facts(refused, "queued_at = clock_timestamp() - interval '1 hour'")
    assert "Ben" not in said(opened("stalled.py"))


def test_it_can_be_tried_at_once(refused: uuid.UUID) -> None:
    page = pressed(opened("stalled.py"), "Try now")
    assert "is stopped since" in said(page)
    assert claimed().session_id == refused


def test_its_coach_reads_why_the_session_waits(refused: uuid.UUID) -> None:
    assert "Google Speech-to-Text refuses this desk at the moment" in said(opened("my_sessions.py"))
