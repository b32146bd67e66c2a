"""Operations of remote engines: what was intended, accepted and ended, so that nothing is ever submitted twice.

Every write of a worker is fenced by its claim, in the same transaction. Open means that an operation has not ended.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, and_, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from store import checkpoints
from store.provider_schema import RemoteOperation
from store.schema import CLOCK, Attempt, CoachingSession
from store.states import FINAL, Status


@dataclass(frozen=True)
class Stretch:
    """A part of a recording that one operation recognises, and the object that holds its sound."""

    start_sec: float
    end_sec: float
    audio_uri: str
    converted: bool


@dataclass(frozen=True)
class Operation:
    """An operation as it stands. Ages in seconds; None: that has not happened."""

    id: int
    session_id: uuid.UUID
    engine: str
    start_sec: float
    end_sec: float
    audio_uri: str
    converted: bool
    name: str | None
    percent: int | None
    refusals: int
    outcome: str | None
    intended_at: datetime | None
    intended_age_sec: float | None
    cancel_age_sec: float | None

    @property
    def stretch(self) -> Stretch:
        return Stretch(self.start_sec, self.end_sec, self.audio_uri, self.converted)


_FACTS = [
    *(getattr(RemoteOperation, name) for name in Operation.__dataclass_fields__ if not name.endswith("_age_sec")),
    func.extract("epoch", CLOCK - RemoteOperation.intended_at).cast(Float).label("intended_age_sec"),
    func.extract("epoch", CLOCK - RemoteOperation.cancel_requested_at).cast(Float).label("cancel_age_sec"),
]


def latest(db: Session, session_id: uuid.UUID, engine: str) -> list[Operation]:
    """The latest operation of every stretch of the session, ended or not, in the order of the recording."""
    statement = (
        select(*_FACTS)
        .where(RemoteOperation.session_id == session_id, RemoteOperation.engine == engine)
        .ext(distinct_on(RemoteOperation.start_sec))
        .order_by(RemoteOperation.start_sec, RemoteOperation.id.desc())
    )
    return [Operation(**row._mapping) for row in db.execute(statement)]


def names(db: Session, audio_uri: str) -> set[str]:
    """The names of all operations that are known for this object, ended or not."""
    known = select(RemoteOperation.name).where(RemoteOperation.audio_uri == audio_uri)
    return {name for name in db.scalars(known) if name}


def plan(db: Session, session_id: uuid.UUID, claim_no: int, engine: str, stretches: Sequence[Stretch]) -> bool:
    """Write what is going to be recognised; False when the claim is no longer held."""
    if not checkpoints.hold(db, session_id, claim_no):
        return False
    rows = [{"session_id": session_id, "engine": engine, **vars(stretch)} for stretch in stretches]
    db.execute(upsert(RemoteOperation).values(rows).on_conflict_do_nothing())  # after an unclear COMMIT they are there
    current = and_(Attempt.session_id == session_id, Attempt.claim_no == claim_no)
    db.execute(update(Attempt).where(current).values(prepared_at=func.coalesce(Attempt.prepared_at, CLOCK)))
    return True


def change(db: Session, operation: Operation, claim_no: int, **facts: Any) -> bool:
    """Set columns of an open operation; False when the claim is no longer held or it has ended."""
    return checkpoints.hold(db, operation.session_id, claim_no) and _set(db, operation, **facts)


def end(db: Session, operation: Operation, claim_no: int, outcome: str) -> bool:
    """The operation has ended; False when the claim is no longer held. May be repeated after an unclear COMMIT."""
    if not checkpoints.hold(db, operation.session_id, claim_no):
        return False
    if _set(db, operation, ended_at=CLOCK, outcome=outcome):
        return True
    so = select(RemoteOperation.id).where(RemoteOperation.id == operation.id, RemoteOperation.outcome == outcome)
    return db.scalars(so).one_or_none() is not None


def recognised(db: Session, operation: Operation, claim_no: int, segments: Sequence[dict[str, Any]]) -> bool:
    """The operation has ended with these segments, which are checkpointed with it; False when the claim is lost."""
    return end(db, operation, claim_no, "recognised") and checkpoints.save(
        db,
        operation.session_id,
        claim_no,
        engine=operation.engine,
        start_sec=operation.start_sec,
        end_sec=operation.end_sec,
        segments=segments,
    )


def abandoned(db: Session, limit: int = 50) -> list[Operation]:
    """Open operations that nobody waits for: their session was cancelled, failed or deleted. Those with a result that
    is still to be had (100 %) are left for a retry."""
    gone = CoachingSession.id.is_(None)
    wanted = func.coalesce(CoachingSession.status.in_([Status.PENDING, Status.PROCESSING]), False)
    unheard = func.coalesce(RemoteOperation.percent, 0) < 100
    statement = (
        select(*_FACTS)
        .outerjoin(CoachingSession, CoachingSession.id == RemoteOperation.session_id)
        .where(RemoteOperation.ended_at.is_(None), ~wanted, gone | unheard)
        .order_by(RemoteOperation.id)
        .limit(limit)
    )
    return [Operation(**row._mapping) for row in db.execute(statement)]


def change_abandoned(db: Session, operation: Operation, **facts: Any) -> bool:
    """Set columns of an open operation whose session is over; False when somebody wants it again, it has ended, or it
    is not as it was read: a retry may have come and been cancelled meanwhile."""
    over = select(CoachingSession.status).where(CoachingSession.id == operation.session_id).with_for_update()
    status = db.scalars(over).one_or_none()
    as_read = and_(
        RemoteOperation.name.is_not_distinct_from(operation.name),
        RemoteOperation.intended_at.is_not_distinct_from(operation.intended_at),
    )
    return (status is None or status in FINAL) and _set(db, operation, as_read, **facts)


def converted_audio(db: Session, session_id: uuid.UUID) -> list[str]:
    """The objects that were made for the provider."""
    made = select(RemoteOperation.audio_uri).where(RemoteOperation.session_id == session_id, RemoteOperation.converted)
    return list(db.scalars(made.distinct()))


def _set(db: Session, operation: Operation, *conditions: ColumnElement[bool], **facts: Any) -> bool:
    open_one = and_(RemoteOperation.id == operation.id, RemoteOperation.ended_at.is_(None))
    changed = update(RemoteOperation).where(open_one, *conditions).values(**facts).returning(RemoteOperation.id)
    return db.execute(changed).first() is not None
