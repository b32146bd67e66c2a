"""A session completes exactly once, with its transcript, and an unclear COMMIT may be repeated."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import text

from jobs import completion, messages
from store import outcomes
from store.database import transaction
from store.session_queries import by_id
from store.states import Status
from store.transcript_queries import segments, segments_so_far
from tests.instruments.claims import attempts_of, claimed, complete, finish_chunk, record_of, statuses

NewSession = Callable[..., uuid.UUID]


def transcript(session_id: uuid.UUID) -> list[float]:
    with transaction() as db:
        return [segment["start_sec"] for segment in segments(db, session_id)]


def test_status_transcript_and_history_come_together(new_session: NewSession) -> None:
    session_id = new_session(duration_total=60.0)
    claim = claimed()
    finish_chunk(claim, 20.0, 40.0)
    finish_chunk(claim, 0.0, 20.0)
    assert completion._commit_transcript(claim) == 2
    record = record_of(session_id)
    assert (record.status, record.progress, record.duration_processed) == (Status.COMPLETED, 100, 60.0)
    assert record.finished_at is not None
    assert transcript(session_id) == [0.0, 20.0]
    assert attempts_of(session_id)[0].outcome == "completed"
    with transaction() as db:
        assert segments_so_far(db, session_id) == []  # no longer needed


def test_after_an_unclear_commit_it_is_read_again_not_written_again(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    finish_chunk(claim)
    assert completion._commit_transcript(claim) == 1
    assert completion._commit_transcript(claim) == 1
    assert statuses(session_id).count(Status.COMPLETED) == 1
    assert transcript(session_id) == [0.0]


def test_a_worker_that_comes_back_late_writes_nothing(new_session: NewSession) -> None:
    """Its session was taken over and completed by another; its own transcript is not the session's."""
    session_id = new_session()
    late = claimed("host-late")
    with transaction() as db:
        outcomes.release(
            db,
            session_id,
            late.claim_no,
            cause=outcomes.Cause("worker-lost", "retryable", "Lost."),
            message=messages.WORKER_LOST,
            actor="reconciler",
            wait_sec=0,
            outcome="lost",
        )
    assert complete(claimed("host-new"), [])
    assert not complete(late)
    assert completion._commit_transcript(late) is None
    assert transcript(session_id) == []
    assert record_of(session_id).worker == "host-new"


def test_a_recording_without_a_word_completes_with_an_empty_transcript(new_session: NewSession) -> None:
    session_id = new_session()
    assert completion._commit_transcript(claimed()) == 0
    assert record_of(session_id).status is Status.COMPLETED


def test_a_transcript_that_cannot_be_stored_leaves_the_session_running(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    broken = {"start_sec": 9.0, "end_sec": 1.0, "text": "x", "speaker": None, "confidence": None, "words": []}
    with pytest.raises(Exception, match="segment_times"):
        complete(claim, [broken])
    with transaction() as db:
        record = by_id(db, session_id)
        assert db.execute(text("SELECT count(*) FROM transcript_segment")).scalar_one() == 0
    assert record is not None
    assert record.status is Status.PROCESSING
