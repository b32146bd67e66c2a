"""Where the time of sessions went, stage by stage."""

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
    speakers_sec: float | None
    saving_sec: float | None


def usual_stages(db: Session, engine: str) -> list[Stages]:
    """The stages of the latest 200 completed sessions of this engine, demo sessions apart."""
    return _stages(db, [CoachingSession.engine == engine, CoachingSession.demo.is_(False)], USUAL_FROM_LATEST)


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
                func.coalesce(Attempt.speakers_at, Attempt.recognised_at, Attempt.finished_at),
            ),
            _seconds(Attempt.speakers_at, func.coalesce(Attempt.recognised_at, Attempt.finished_at)),
            _seconds(Attempt.recognised_at, Attempt.finished_at),
        )
        .join(Attempt, and_(Attempt.session_id == CoachingSession.id, Attempt.number == CoachingSession.attempt))
        .where(
            CoachingSession.status == Status.COMPLETED,
            CoachingSession.finished_at.is_not(None),
            CoachingSession.attempt == 1,
            *wanted,
        )
        .order_by(CoachingSession.finished_at.desc())
        .limit(most)
    )
    return [Stages(*row) for row in db.execute(statement)]


def _seconds(start: Any, end: Any) -> Any:
    return func.extract("epoch", end - start).cast(Float)
