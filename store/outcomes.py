"""How an attempt ends, each in one transaction: completed, failed, cancelled, or back to the queue."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, text
from sqlalchemy.orm import Session

from store.checkpoints import checkpointed_sec, finished_a_chunk
from store.schema import CLOCK, CoachingSession, TranscriptChunk
from store.states import Status
from store.transitions import close_attempt, transition

# Within Postgres: the words of three hours are tens of megabytes once they are unpacked
_TRANSCRIPT = text(
    """
    INSERT INTO transcript_segment
        (session_id, position, claim_no, start_sec, end_sec, speaker, confidence, text, words)
    SELECT chunk.session_id, row_number() OVER (ORDER BY chunk.start_sec, segment.number) - 1, :claim_no,
        (value->>'start_sec')::float8, (value->>'end_sec')::float8, value->>'speaker',
        (value->>'confidence')::float8, value->>'text', value->'words'
    FROM transcript_chunk chunk, jsonb_array_elements(chunk.segments) WITH ORDINALITY AS segment (value, number)
    WHERE chunk.session_id = :session_id AND chunk.engine = :engine
    """
)
CLEAN = {"error_code": None, "error_kind": None, "error_text": None}


@dataclass(frozen=True)
class Cause:
    """Why an attempt ended otherwise than it should: the error's code, kind and sentence."""

    code: str
    kind: str
    sentence: str

    def columns(self) -> dict[str, str]:
        return {"error_code": self.code, "error_kind": self.kind, "error_text": self.sentence}


def complete(db: Session, session_id: uuid.UUID, claim_no: int, *, engine: str, message: str, actor: str) -> int | None:
    """Make the finished chunks of this engine the transcript, and complete the session; how many segments it has, or
    None when the claim is no longer held."""
    done = transition(
        db,
        session_id,
        before={Status.PROCESSING},
        after=Status.COMPLETED,
        message=message,
        actor=actor,
        claim_no=claim_no,
        progress=100,
        changes={
            "duration_processed": CoachingSession.duration_total,
            "failures": 0,
            "fruitless_deaths": 0,
            "next_run_at": None,
            **CLEAN,
        },
    )
    if not done:
        return None
    written = db.execute(_TRANSCRIPT, {"session_id": session_id, "claim_no": claim_no, "engine": engine})
    segments: int = written.rowcount  # type: ignore[attr-defined]
    db.execute(delete(TranscriptChunk).where(TranscriptChunk.session_id == session_id))
    close_attempt(db, session_id, outcome="completed")
    return segments


def fail(
    db: Session,
    session_id: uuid.UUID,
    *,
    cause: Cause,
    message: str,
    actor: str,
    before: Collection[Status] = (Status.PROCESSING,),
    claim_no: int | None = None,
    progress: int | None = None,
    where: ColumnElement[bool] | None = None,
) -> bool:
    """Give the session up; it keeps the percentage at which it stopped. False when someone was first."""
    failed = transition(
        db,
        session_id,
        before=before,
        after=Status.FAILED,
        message=message,
        detail=cause.sentence,
        actor=actor,
        claim_no=claim_no,
        progress=progress,
        where=where,
        changes={"failures": CoachingSession.failures + 1, "next_run_at": None, **cause.columns()},
    )
    if failed:
        close_attempt(db, session_id, outcome="failed", error_code=cause.code, error_text=cause.sentence)
    return failed


def release(
    db: Session,
    session_id: uuid.UUID,
    claim_no: int,
    *,
    cause: Cause,
    message: str,
    actor: str,
    wait_sec: float,
    outcome: str = "retried",
    progress: int | None = None,
    changes: dict[str, Any] | None = None,
    where: ColumnElement[bool] | None = None,
) -> bool:
    """Hand a running session back to the queue, due in `wait_sec`; False when the claim is no longer held.

    `outcome` is the attempt's: 'retried' after an error, 'lost' when its worker died.
    """
    released = transition(
        db,
        session_id,
        before={Status.PROCESSING},
        after=Status.PENDING,
        message=message,
        detail=cause.sentence,
        actor=actor,
        claim_no=claim_no,
        progress=progress,
        where=where,
        changes={
            "next_run_at": CLOCK + timedelta(seconds=wait_sec),
            "duration_processed": checkpointed_sec(),
            "fruitless_deaths": case((finished_a_chunk(claim_no), 0), else_=CoachingSession.fruitless_deaths),
            **cause.columns(),
            **(changes or {}),
        },
    )
    if released:
        close_attempt(db, session_id, outcome=outcome, error_code=cause.code, error_text=cause.sentence)
    return released


def cancel(db: Session, session_id: uuid.UUID, *, message: str, actor: str, progress: int | None = None) -> bool:
    """Cancel a waiting or running session; False when it is in neither state. A running engine sees it and stops."""
    cancelled = transition(
        db,
        session_id,
        before={Status.PENDING, Status.PROCESSING},
        after=Status.CANCELLED,
        message=message,
        detail=f"Cancelled by {actor}",
        actor=actor,
        progress=progress,
        changes={"next_run_at": None, **CLEAN},
    )
    if cancelled:
        close_attempt(db, session_id, outcome="cancelled")
    return cancelled


def retry(db: Session, session_id: uuid.UUID, *, message: str, actor: str) -> bool:
    """Queue a failed or cancelled session again, its failures forgotten; False when it is in neither
    state, or its recording is gone."""
    return transition(
        db,
        session_id,
        before={Status.FAILED, Status.CANCELLED},
        after=Status.PENDING,
        where=CoachingSession.audio_deleted_at.is_(None),
        message=message,
        detail=f"Retry requested by {actor}",
        actor=actor,
        changes={
            "failures": 0,
            "fruitless_deaths": 0,
            "next_run_at": None,
            "queued_at": CLOCK,
            "duration_processed": checkpointed_sec(),
            **CLEAN,
        },
    )


def lease_is_over(lease_sec: float) -> ColumnElement[bool]:
    """The condition under which a running session may be taken over; a parked one is held by nobody."""
    silent = CoachingSession.heartbeat_at < func.clock_timestamp() - timedelta(seconds=lease_sec)
    return silent & CoachingSession.next_run_at.is_(None)
