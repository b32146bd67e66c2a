"""The queue as Postgres has it: who waits, whose sessions run, who was served last."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, Text, cast, func, select
from sqlalchemy.orm import Session

from store.parking import is_due
from store.schema import CoachingSession
from store.states import Status


@dataclass(frozen=True)
class Waiting:
    """A session that could be claimed now."""

    session_id: uuid.UUID
    owner: str
    priority: int
    queued_at: datetime
    engine: str
    duration_total: float


@dataclass(frozen=True)
class QueueFacts:
    """What decides the order of the queue."""

    waiting: list[Waiting]
    running: dict[str, int]
    last_served: dict[str, datetime]


def queue_facts(db: Session) -> QueueFacts:
    facts = [getattr(CoachingSession, name) for name in list(Waiting.__dataclass_fields__)[1:]]
    waiting = db.execute(
        select(CoachingSession.id.label("session_id"), *facts).where(CoachingSession.status == Status.PENDING, is_due())
    ).all()
    owners = select(func.unnest(cast(sorted({row.owner for row in waiting}), ARRAY(Text))).label("owner")).subquery()
    running = db.execute(
        select(CoachingSession.owner, func.count())
        .where(CoachingSession.status == Status.PROCESSING)
        .group_by(CoachingSession.owner)
    ).all()
    last = (  # one look into the index a coach, however many sessions they have
        select(func.max(CoachingSession.started_at)).where(CoachingSession.owner == owners.c.owner).scalar_subquery()
    )
    served = db.execute(select(owners.c.owner, last)).all()
    return QueueFacts(
        waiting=[Waiting(**row._mapping) for row in waiting],
        running={row[0]: row[1] for row in running},
        last_served={row[0]: row[1] for row in served if row[1] is not None},
    )
