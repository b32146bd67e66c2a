"""Steps of a session's life, done as a worker does them but without one."""

import time
import uuid
from typing import Any

from sqlalchemy import func, select, text

from jobs import messages
from jobs.claim import Claim, claim_next
from store import changes, checkpoints, outcomes
from store.database import transaction
from store.schema import TranscriptChunk
from store.session_queries import SessionRecord, by_id
from store.states import Status
from store.timeline_queries import AttemptRow, StatusRow, attempts, status_history

WORDS: list[dict[str, Any]] = [
    {"start_sec": 0.5, "end_sec": 1.5, "text": "Hello", "speaker": None, "confidence": 0.9, "words": []}
]


def record_of(session_id: uuid.UUID) -> SessionRecord:
    with transaction() as db:
        record = by_id(db, session_id)
    assert record is not None
    return record


def history_of(session_id: uuid.UUID) -> list[StatusRow]:
    with transaction() as db:
        return status_history(db, session_id)


def attempts_of(session_id: uuid.UUID) -> list[AttemptRow]:
    with transaction() as db:
        return attempts(db, session_id)


def claimed(worker: str = "host-1") -> Claim:
    claim = claim_next(worker=worker, job_id=f"job-{time.monotonic_ns()}")
    assert claim is not None
    return claim


def finish_chunk(
    claim: Claim,
    start_sec: float = 0.0,
    end_sec: float = 20.0,
    segments: list[dict[str, Any]] | None = None,
    model: str = "",
) -> bool:
    with transaction() as db:
        return checkpoints.save(
            db,
            claim.session_id,
            claim.claim_no,
            engine=claim.engine,
            start_sec=start_sec,
            end_sec=end_sec,
            segments=[{**WORDS[0], "start_sec": start_sec, "end_sec": end_sec}] if segments is None else segments,
            model=model,
        )


def checkpoints_of(session_id: uuid.UUID) -> int:
    with transaction() as db:
        chunks = select(func.count()).select_from(TranscriptChunk).where(TranscriptChunk.session_id == session_id)
        return db.scalars(chunks).one()


def complete(claim: Claim, segments: list[dict[str, Any]] = WORDS) -> bool:
    """With these words, unless chunks were finished before."""
    if not checkpoints_of(claim.session_id):
        finish_chunk(claim, segments=segments)
    with transaction() as db:
        written = outcomes.complete(
            db, claim.session_id, claim.claim_no, engine=claim.engine, message=messages.COMPLETED, actor=claim.worker
        )
    return written is not None


def worker_dies(session_id: uuid.UUID) -> None:
    """Its last heartbeat lies an hour back."""
    set_facts(session_id, "heartbeat_at = clock_timestamp() - interval '1 hour'")


def set_facts(session_id: uuid.UUID, assignment: str) -> None:
    """Change facts of the session that nobody may change, such as when something happened."""
    with transaction() as db:
        db.execute(text(f"UPDATE session SET {assignment} WHERE id = :id"), {"id": session_id})
        changes.note(db)


def statuses(session_id: uuid.UUID) -> list[Status]:
    return [row.status for row in history_of(session_id)]
