"""Parked sessions: a provider works on them, no worker holds them, and from time to time a worker has a look.

A parked session is `processing` with a `next_run_at`. Whoever takes it gets a new claim, but the same attempt goes on.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Float, and_, func, or_, select, update
from sqlalchemy.orm import Session

from store.engine_stops import is_stopped
from store.schema import CLOCK, Attempt, CoachingSession
from store.states import Status
from store.transitions import record_progress


@dataclass(frozen=True)
class Parked:
    """A parked session that this worker has just taken. Seconds; `elapsed_sec` since its attempt began."""

    session_id: uuid.UUID
    claim_no: int
    engine: str
    audio_uri: str
    duration_total: float
    duration_processed: float
    attempt: int
    expected_sec: float
    resumed_sec: float
    elapsed_sec: float


def is_due() -> ColumnElement[bool]:
    """SQL for whether a worker could take the session now: a waiting one whose time has come and whose engine is not
    stopped, or a parked one that is to be looked at."""
    now = CoachingSession.next_run_at <= CLOCK
    waiting = and_(
        CoachingSession.status == Status.PENDING,
        or_(CoachingSession.next_run_at.is_(None), now),
        ~is_stopped(CoachingSession.engine),
    )
    return or_(waiting, and_(CoachingSession.status == Status.PROCESSING, now))


def take_parked(db: Session, *, worker: str, job_id: str) -> Parked | None:
    """Claim the parked session that has been due for longest; None when none is due or others have them all."""
    due = (
        select(CoachingSession.id)
        .where(CoachingSession.status == Status.PROCESSING, CoachingSession.next_run_at <= CLOCK)
        .order_by(CoachingSession.next_run_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    session_id = db.scalars(due).one_or_none()
    if session_id is None:
        return None
    db.execute(
        update(CoachingSession)
        .where(CoachingSession.id == session_id)
        .values(
            claim_no=CoachingSession.claim_no + 1,
            worker=worker,
            transcription_job_id=job_id,
            heartbeat_at=CLOCK,
            updated_at=CLOCK,
            next_run_at=None,
        )
    )
    current = and_(Attempt.session_id == CoachingSession.id, Attempt.number == CoachingSession.attempt)
    db.execute(
        update(Attempt)
        .where(current, CoachingSession.id == session_id)
        .values(claim_no=CoachingSession.claim_no)
        .execution_options(synchronize_session=False)
    )
    row = db.execute(
        select(
            CoachingSession.id.label("session_id"),
            CoachingSession.claim_no,
            CoachingSession.engine,
            CoachingSession.audio_uri,
            CoachingSession.duration_total,
            CoachingSession.duration_processed,
            CoachingSession.attempt,
            Attempt.expected_sec,
            Attempt.resumed_sec,
            func.extract("epoch", CLOCK - Attempt.started_at).cast(Float).label("elapsed_sec"),
        )
        .join(Attempt, current)
        .where(CoachingSession.id == session_id)
    ).one()
    return Parked(**row._mapping)


def park(
    db: Session, session_id: uuid.UUID, claim_no: int, *, wait_sec: float, processed_sec: float, progress: int
) -> bool:
    """Let go of the session until its next look in `wait_sec`; False when the claim is no longer held.

    A look that came to its end is a sign of life: earlier deaths no longer count.
    """
    if not record_progress(db, session_id, claim_no, processed_sec=processed_sec, progress=progress):
        return False
    db.execute(
        update(CoachingSession)
        .where(CoachingSession.id == session_id)
        .values(next_run_at=CLOCK + timedelta(seconds=wait_sec), worker=None, fruitless_deaths=0)
    )
    return True
