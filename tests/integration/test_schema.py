"""What a statement could break the database refuses, and the statements of operations run as typed."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from store.database import database_now, transaction
from store.states import Status
from tests.instruments.claims import claimed, complete

NewSession = Callable[..., uuid.UUID]


@pytest.mark.parametrize(
    "assignment",
    [
        "status = 'done'",
        "status = 'completed'",  # without a time at which it finished
        "finished_at = now()",  # without a final state
        "status = 'processing'",  # without a worker's heartbeat
        "priority = 3",
        "duration_total = 0",
        "duration_processed = -1",
        "audio_size_bytes = 0",
    ],
)
def test_a_session_that_cannot_be_is_refused(assignment: str, new_session: NewSession) -> None:
    session_id = new_session()
    with pytest.raises(IntegrityError), transaction() as db:
        db.execute(text(f"UPDATE session SET {assignment} WHERE id = :id"), {"id": session_id})


@pytest.mark.parametrize(
    ("status", "progress"),
    [("done", 5), ("processing", -1), ("processing", 101), ("processing", 100), ("completed", 99)],
)
def test_a_history_that_cannot_be_is_refused(status: str, progress: int, new_session: NewSession) -> None:
    """100 % and completed go together, always."""
    session_id = new_session()
    with pytest.raises(IntegrityError), transaction() as db:
        db.execute(
            text(
                "INSERT INTO processing_status (session_id, status, progress, message, actor, attempt, claim_no)"
                " VALUES (:id, :status, :progress, 'x', 'test', 1, 1)"
            ),
            {"id": session_id, "status": status, "progress": progress},
        )


def test_a_segment_cannot_end_before_it_begins(new_session: NewSession) -> None:
    new_session()
    claim = claimed()
    words = {"start_sec": 5.0, "end_sec": 4.0, "text": "x", "speaker": None, "confidence": None, "words": []}
    with pytest.raises(IntegrityError):
        complete(claim, [words])


def test_two_sessions_never_share_a_recording(new_session: NewSession) -> None:
    new_session(audio_uri="local://audio-uploads/coach/one.wav")
    with pytest.raises(IntegrityError):
        new_session(audio_uri="local://audio-uploads/coach/one.wav")


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        (
            "SELECT id, status, transcription_job_id, audio_filename, created_at, updated_at FROM session"
            " WHERE id = '{id}';",
            ["id", "status", "transcription_job_id", "audio_filename", "created_at", "updated_at"],
        ),
        (
            "SELECT session_id, status, progress, message, created_at FROM processing_status\n"
            " WHERE session_id = '{id}' ORDER BY created_at DESC LIMIT 5;",
            ["session_id", "status", "progress", "message", "created_at"],
        ),
        (
            "SELECT COUNT(*) AS segment_count, MIN(start_sec), MAX(end_sec) FROM transcript_segment"
            " WHERE session_id = '{id}';",
            ["segment_count", "min", "max"],
        ),
        (
            "SELECT session_id, status, progress, message FROM processing_status ORDER BY updated_at DESC LIMIT 5;",
            ["session_id", "status", "progress", "message"],
        ),
    ],
)
def test_the_statements_that_operations_use_run_as_typed(
    statement: str, columns: list[str], new_session: NewSession
) -> None:
    session_id = new_session()
    assert complete(claimed())
    with transaction() as db:
        rows = db.execute(text(statement.format(id=session_id)))
        assert list(rows.keys()) == columns
        first = rows.mappings().first()
    assert first is not None
    assert first.get("status", Status.COMPLETED) == Status.COMPLETED
    assert first.get("segment_count", 1) == 1


def test_times_are_utc_and_now_is_not_the_beginning_of_the_transaction() -> None:
    with transaction() as db:
        earlier, later = database_now(db), database_now(db)
        assert earlier < later
        assert earlier.utcoffset() is not None
        assert earlier.utcoffset().total_seconds() == 0  # type: ignore[union-attr]  # just asserted
