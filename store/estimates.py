"""Estimates as they were shown, and what became of them: intervals are learned from it, and the speed page shows it."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Float, Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from store.schema import Attempt, CoachingSession, Estimate
from store.speed_queries import LEARN_FROM_LATEST, latest_completed
from store.states import Status

SUBMITTED = -1.0  # stands for the fraction of the estimate at submission
LEAST_SEC = 1.0


@dataclass(frozen=True)
class Made:
    """One estimate that was shown, in seconds from now; see `schema.Estimate`."""

    session_id: uuid.UUID
    attempt: int
    fraction: float
    raw_sec: float
    estimated_sec: float
    low_sec: float | None
    high_sec: float | None
    sessions: int


@dataclass(frozen=True)
class Outcome:
    """An estimate of a session that has finished since: what it really took, in seconds from the estimate."""

    session_id: uuid.UUID
    engine: str
    finished_at: datetime
    fraction: float
    raw_sec: float
    estimated_sec: float
    low_sec: float | None
    high_sec: float | None
    actual_sec: float


def record(db: Session, made: Made) -> None:
    """Keep it; the first one of an attempt at a fraction counts."""
    db.execute(upsert(Estimate).values(**vars(made)).on_conflict_do_nothing())


def recorded_fraction(db: Session, session_id: uuid.UUID, attempt: int) -> float | None:
    """The highest fraction of this attempt at which an estimate was kept."""
    ours = (Estimate.session_id == session_id, Estimate.attempt == attempt)
    return db.scalars(select(func.max(Estimate.fraction)).where(*ours)).one()


def latest_finished(db: Session, engine: str) -> uuid.UUID | None:
    """The session of this engine that was completed last: while it is the same, nothing new can be learned."""
    statement = (
        select(CoachingSession.id)
        .where(
            CoachingSession.status == Status.COMPLETED,
            CoachingSession.finished_at.is_not(None),  # said apart, so that Postgres sees which index will do
            CoachingSession.engine == engine,
            ~CoachingSession.demo,
        )
        .order_by(CoachingSession.finished_at.desc())
        .limit(1)
    )
    return db.scalars(statement).one_or_none()


def outcomes_to_learn(db: Session, engine: str, model: str) -> list[Outcome]:
    """The estimates of the latest 200 completed sessions of this engine and model, in the order of their finishing."""
    latest = latest_completed(engine)
    learned_from = (
        select(latest.c.id)
        .join(Attempt, and_(Attempt.session_id == latest.c.id, Attempt.number == latest.c.attempt))
        .where(Attempt.model == model)
        .order_by(latest.c.finished_at.desc())
        .limit(LEARN_FROM_LATEST)
    )
    ids = db.scalars(learned_from).all()
    return _read(db, _outcomes().where(CoachingSession.id.in_(ids), Estimate.session_id.in_(ids)))


def _outcomes() -> Select[Any]:
    """Estimates of completed sessions: of the attempt that completed them, and that at submission unless somebody
    queued the session again since."""
    actual = func.extract("epoch", CoachingSession.finished_at - Estimate.made_at).cast(Float)
    submission = and_(Estimate.fraction == SUBMITTED, CoachingSession.queued_at <= Estimate.made_at)
    return (
        select(
            CoachingSession.id,
            CoachingSession.engine,
            CoachingSession.finished_at,
            Estimate.fraction,
            Estimate.raw_sec,
            Estimate.estimated_sec,
            Estimate.low_sec,
            Estimate.high_sec,
            func.greatest(actual, LEAST_SEC),
        )
        .join(Estimate, Estimate.session_id == CoachingSession.id)
        .where(
            CoachingSession.status == Status.COMPLETED,
            or_(Estimate.attempt == CoachingSession.attempt, submission),
        )
        .order_by(CoachingSession.finished_at, CoachingSession.id, Estimate.fraction)
    )


def _read(
    db: Session,
    statement: Select[Any],
) -> list[Outcome]:
    return [Outcome(*row) for row in db.execute(statement)]
