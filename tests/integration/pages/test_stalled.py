"""Stalled jobs: what does not move, why, and the buttons that mend it."""

import uuid
from collections.abc import Callable

import pytest

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
