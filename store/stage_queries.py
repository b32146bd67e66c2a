"""Where the time of sessions went, stage by stage, and why attempts failed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, and_, func, select
from sqlalchemy.orm import Session

from store.schema import Attempt, CoachingSession
from store.states import Status

USUAL_FROM_LATEST = 200


@dataclass(frozen=True)
class Stages:
    """One completed session that needed a single attempt. Seconds; None where nobody noted it."""

    finished_at: datetime
    engine: str
    demo: bool
    audio_sec: float
    upload_sec: float | None
    wait_sec: float
    preparation_sec: float | None
    recognition_sec: float | None
    saving_sec: float | None


@dataclass(frozen=True)
class Failure:
    """An attempt that ended with an error. `outcome`: failed (given up), retried, or lost with its worker."""

    at: datetime
    engine: str
    demo: bool
    error_code: str
    outcome: str


def usual_stages(db: Session, engine: str) -> list[Stages]:
    """The stages of the latest 200 completed sessions of this engine, demo sessions apart."""
    return _stages(db, [CoachingSession.engine == engine, CoachingSession.demo.is_(False)], USUAL_FROM_LATEST)


def stages_since(db: Session, since: datetime, *, owner: str | None = None, most: int = 2_000) -> list[Stages]:
    """The stages of the sessions completed since then, the newest first."""
    return _stages(db, [CoachingSession.finished_at >= since, *_of(owner)], most)


def failures_since(db: Session, since: datetime, *, owner: str | None = None, most: int = 5_000) -> list[Failure]:
    """The attempts that ended with an error since then, the newest first."""
    statement = (
        select(
            Attempt.finished_at.label("at"), Attempt.engine, CoachingSession.demo, Attempt.error_code, Attempt.outcome
        )
        .join(CoachingSession, CoachingSession.id == Attempt.session_id)
        .where(Attempt.finished_at >= since, Attempt.error_code.is_not(None), *_of(owner))
        .order_by(Attempt.finished_at.desc())
        .limit(most)
    )
    return [Failure(**row._mapping) for row in db.execute(statement)]


def _stages(db: Session, wanted: list[ColumnElement[bool]], most: int) -> list[Stages]:
    statement = (
        select(
            CoachingSession.finished_at,
            CoachingSession.engine,
            CoachingSession.demo,
            CoachingSession.duration_total,
            CoachingSession.upload_sec,
            _seconds(Attempt.queued_at, Attempt.started_at),
            _seconds(Attempt.started_at, Attempt.prepared_at),
            _seconds(
                func.coalesce(Attempt.prepared_at, Attempt.started_at),
                func.coalesce(Attempt.recognised_at, Attempt.finished_at),
            ),
            _seconds(Attempt.recognised_at, Attempt.finished_at),
        )
        .join(Attempt, and_(Attempt.session_id == CoachingSession.id, Attempt.number == CoachingSession.attempt))
        .where(CoachingSession.status == Status.COMPLETED, CoachingSession.attempt == 1, *wanted)
        .order_by(CoachingSession.finished_at.desc())
        .limit(most)
    )
    return [Stages(*row) for row in db.execute(statement)]


def _seconds(start: Any, end: Any) -> Any:
    return func.extract("epoch", end - start).cast(Float)


def _of(owner: str | None) -> list[ColumnElement[bool]]:
    return [] if owner is None else [CoachingSession.owner == owner]
