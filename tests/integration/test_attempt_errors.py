"""What an error means for its session, by its kind: failed, tried again, or waiting for operations."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from jobs.errors import (
    DecodingFailed,
    EngineUnavailable,
    LanguageNotSupported,
    PoisonSession,
    RecognitionFailed,
    TranscriptDeskError,
)
from jobs.outcome import settle_error, settle_stopping
from jobs.session_view import view
from store.database import transaction
from store.states import Status
from store.transitions import record_progress
from tests.instruments.claims import attempts_of, claimed, complete, finish_chunk, history_of, record_of, set_facts

NewSession = Callable[..., uuid.UUID]
SettingsOf = Callable[..., None]


def stop_with(error: TranscriptDeskError) -> bool:
    claim = claimed()
    return settle_error(claim.session_id, claim.claim_no, error, actor=claim.worker)


@pytest.mark.parametrize("error", [LanguageNotSupported(), DecodingFailed(), PoisonSession()])
def test_what_trying_again_does_not_mend_fails_at_once(error: TranscriptDeskError, new_session: NewSession) -> None:
    session_id = new_session()
    assert stop_with(error)
    record = record_of(session_id)
    assert record.status is Status.FAILED
    assert (record.error_code, record.error_kind, record.error_text) == (error.code, error.kind, error.sentence)
    last = history_of(session_id)[-1]
    assert (last.message, last.detail) == ("Processing failed. Please upload another file.", error.sentence)
    assert attempts_of(session_id)[0].outcome == "failed"


def test_what_may_pass_waits_longer_each_time_and_fails_in_the_end(
    new_session: NewSession, settings_of: SettingsOf
) -> None:
    settings_of(max_failures=3, retry_base_sec=100, retry_cap_sec=150)
    session_id = new_session()
    waits = []
    for failures in (1, 2):
        assert stop_with(RecognitionFailed())
        record = record_of(session_id)
        assert (record.status, record.failures) == (Status.PENDING, failures)
        assert record.next_run_at is not None
        waits.append((record.next_run_at - record.now) / timedelta(seconds=1))
        assert view(record).message.endswith(f"attempt {failures + 1} of 3")
        set_facts(session_id, "next_run_at = NULL")
    assert 70 < waits[0] <= 100 < waits[1] <= 150
    assert stop_with(RecognitionFailed())
    record = record_of(session_id)
    assert (record.status, record.message) == (Status.FAILED, "Processing failed. Please try again.")
    assert [attempt.outcome for attempt in attempts_of(session_id)] == ["retried", "retried", "failed"]


def test_what_operations_must_mend_uses_up_no_try(new_session: NewSession, settings_of: SettingsOf) -> None:
    settings_of(max_failures=1)
    session_id = new_session()
    for _ in range(3):
        assert stop_with(EngineUnavailable())
        record = record_of(session_id)
        assert (record.status, record.failures) == (Status.PENDING, 0)
        set_facts(session_id, "next_run_at = NULL")
    assert "operations has to mend it" in (record.error_text or "")


def test_a_worker_that_is_stopped_hands_back_at_once_and_costs_no_try(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    finish_chunk(claim)
    assert settle_stopping(claim)
    record = record_of(session_id)
    assert (record.status, record.failures, record.fruitless_deaths) == (Status.PENDING, 0, 0)
    assert record.duration_processed == 20
    assert claimed().resumed_sec == 20  # due at once


def test_the_next_attempt_does_not_show_the_last_ones_error(new_session: NewSession) -> None:
    session_id = new_session()
    stop_with(RecognitionFailed())
    set_facts(session_id, "next_run_at = NULL")
    claimed()
    assert view(record_of(session_id)).cause is None
    assert attempts_of(session_id)[0].error_code == "recognition-failed"


def test_an_error_of_a_lost_claim_changes_nothing(new_session: NewSession) -> None:
    session_id = new_session()
    late = claimed()
    settle_stopping(late)
    current = claimed()
    assert not settle_error(session_id, late.claim_no, DecodingFailed(), actor=late.worker)
    assert record_of(session_id).status is Status.PROCESSING
    assert complete(current)


def test_an_error_of_a_deleted_session_changes_nothing() -> None:
    assert not settle_error(uuid.uuid4(), 1, DecodingFailed(), actor="host-1")


def test_a_failed_session_keeps_the_percentage_at_which_it_stopped(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    with transaction() as db:
        record_progress(db, session_id, claim.claim_no, processed_sec=25, progress=42)
    settle_error(session_id, claim.claim_no, DecodingFailed(), actor="host-1")
    assert view(record_of(session_id)).progress == 42
