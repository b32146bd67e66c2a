"""How fast sessions went: what estimates learn from, and the figures and charts of the speed page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Float, and_, func, select
from sqlalchemy.orm import Session

from store.schema import Attempt, CoachingSession
from store.states import Status

LEARN_FROM_LATEST = 200


def finished_paces(db: Session, engine: str, model: str = "") -> list[tuple[float, float, int]]:
    """(seconds of audio, seconds of processing, sessions at once) of the latest sessions of this engine and model that
    were made in one go."""
    took = func.extract("epoch", Attempt.finished_at - Attempt.started_at).cast(Float)
    statement = (
        select(CoachingSession.duration_total, took, Attempt.at_once)
        .join(Attempt, Attempt.session_id == CoachingSession.id)
        .where(
            CoachingSession.status == Status.COMPLETED,
            CoachingSession.engine == engine,
            CoachingSession.demo.is_(False),
            Attempt.model == model,
            Attempt.number == CoachingSession.attempt,
            Attempt.outcome == "completed",
            Attempt.resumed_sec == 0,
        )
        .order_by(CoachingSession.finished_at.desc())
        .limit(LEARN_FROM_LATEST)
    )
    return [(row[0], row[1], row[2]) for row in db.execute(statement)]


@dataclass(frozen=True)
class Pace:
    """One finished session as the speed charts show it. `speed`: seconds of audio a second of processing."""

    finished_at: datetime
    engine: str
    demo: bool
    audio_sec: float
    processing_sec: float

    @property
    def speed(self) -> float:
        return self.audio_sec / self.processing_sec


@dataclass(frozen=True)
class Ended:
    """How many sessions of an engine ended in a state."""

    status: Status
    engine: str
    demo: bool
    number: int


def paces_since(db: Session, since: datetime, *, owner: str | None = None, most: int = 2_000) -> list[Pace]:
    """The sessions completed since then, the newest first, at most `most`; audio that their last attempt did."""
    took = func.extract("epoch", CoachingSession.finished_at - CoachingSession.started_at).cast(Float)
    audio = CoachingSession.duration_total - Attempt.resumed_sec
    statement = (
        select(CoachingSession.finished_at, CoachingSession.engine, CoachingSession.demo, audio, took)
        .join(
            Attempt,
            and_(Attempt.session_id == CoachingSession.id, Attempt.number == CoachingSession.attempt),
        )
        .where(CoachingSession.status == Status.COMPLETED, took > 0, audio > 0, *_ended_since(since, owner))
        .order_by(CoachingSession.finished_at.desc())
        .limit(most)
    )
    return [Pace(*row) for row in db.execute(statement)]


def ended_since(db: Session, since: datetime, *, owner: str | None = None) -> list[Ended]:
    """How the sessions that ended since then ended, by engine."""
    groups = (CoachingSession.status, CoachingSession.engine, CoachingSession.demo)
    statement = select(*groups, func.count()).where(*_ended_since(since, owner)).group_by(*groups)
    return [Ended(Status(row[0]), *row[1:]) for row in db.execute(statement)]


def _ended_since(since: datetime, owner: str | None) -> list[ColumnElement[bool]]:
    wanted = [CoachingSession.finished_at.is_not(None), CoachingSession.finished_at >= since]
    return wanted if owner is None else [*wanted, CoachingSession.owner == owner]
