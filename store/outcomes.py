"""How an attempt ends, each in one transaction: completed, failed, cancelled, or back to the queue."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert
from sqlalchemy.orm import Session

from store.checkpoints import checkpointed_sec, finished_a_chunk
from store.schema import CLOCK, CoachingSession, TranscriptChunk, TranscriptSegment
from store.states import Status
from store.transitions import close_attempt, transition

CLEAN = {"error_code": None, "error_kind": None, "error_text": None}


@dataclass(frozen=True)
class Cause:
    """Why an attempt ended otherwise than it should: the error's code, kind and sentence."""

    code: str
    kind: str
    sentence: str

    def columns(self) -> dict[str, str]:
        return {"error_code": self.code, "error_kind": self.kind, "error_text": self.sentence}


def complete(
    db: Session, session_id: uuid.UUID, claim_no: int, *, segments: Sequence[dict[str, Any]], message: str, actor: str
) -> bool:
    """Write the transcript and complete the session; False when the claim is no longer held."""
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
        return False
    if segments:
        rows = [
            {"session_id": session_id, "position": position, "claim_no": claim_no, **segment}
            for position, segment in enumerate(segments)
        ]
        db.execute(insert(TranscriptSegment), rows)
    db.execute(delete(TranscriptChunk).where(TranscriptChunk.session_id == session_id))
    close_attempt(db, session_id, outcome="completed")
    return True


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
