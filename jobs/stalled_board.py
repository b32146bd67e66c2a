"""What operations look at: sessions that do not move, with the evidence, and the queue and workers as RQ sees them."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from jobs import board, policy, stalled
from jobs.durations import ago
from jobs.policy import Action, Person, on_behalf_of
from jobs.queue_health import QueueHealth, queue_health, rq_view
from jobs.session_view import SessionView
from jobs.stopped_engines import StoppedEngine, stopped_engines
from store import accounts, session_queries
from store.database import database_now, transaction
from store.session_queries import SessionRecord
from store.states import Status

MOST_LOOKED_AT = 500


@dataclass(frozen=True)
class StalledSession:
    """A session that needs a look. `evidence` and `advice` are sentences; the rest is what each side knows."""

    view: SessionView
    owner: str  # their e-mail address where they have one
    word: str
    evidence: str
    advice: str
    heartbeat: str
    worker: str | None
    in_postgres: str
    in_rq: str


@dataclass(frozen=True)
class StalledBoard:
    """Everything that needs a look, the longest waiting first, and the queue."""

    sessions: list[StalledSession]
    processing: int
    pending: int
    queue: QueueHealth
    stopped: list[StoppedEngine]
    as_of: datetime


def stalled_board(person: Person) -> StalledBoard:
    """All coaches' sessions that stand still, and the queue; Redis is asked after Postgres has answered. NotAllowed."""
    policy.require(person, Action.MEND)
    with on_behalf_of(person) as db:
        moving = session_queries.with_status(db, Status.PROCESSING, limit=MOST_LOOKED_AT)
        waiting = session_queries.with_status(db, Status.PENDING, limit=MOST_LOOKED_AT)
        as_of = database_now(db)
        queue = queue_health()
        stopped = stopped_engines(db)
        refusing = {engine.stop.engine for engine in stopped}  # what waits for them is told of with the engine
        found = [
            (record, health)
            for record in [*moving, *(record for record in waiting if record.engine not in refusing)]
            if (health := _health(record, queue)) != stalled.WELL
        ]
    views = _views([record for record, _ in found])
    with transaction() as db:  # the product's own: nobody else reads accounts
        names = accounts.emails(db, {record.owner for record, _ in found})
    sessions = [
        _stalled(record, health, views[record.id], queue, names.get(record.owner, record.owner))
        for record, health in reversed(found)
    ]
    return StalledBoard(sessions, len(moving), len(waiting), queue, stopped, as_of)


def _health(record: SessionRecord, queue: QueueHealth) -> stalled.Health:
    if record.status is Status.PROCESSING:
        return stalled.health(record)
    return stalled.nobody_comes(
        record, workers_alive=len(queue.workers), workers_busy=queue.busy, queue_reachable=queue.reachable
    )


def _views(records: list[SessionRecord]) -> dict[uuid.UUID, SessionView]:
    return {view.session_id: view for view in board.views(records)}


def _stalled(
    record: SessionRecord, health: stalled.Health, view: SessionView, queue: QueueHealth, owner: str
) -> StalledSession:
    if record.status is Status.PENDING:
        word, heartbeat = "Nobody comes", "–"
    else:
        word = "Stalled" if health.stalled else "Overdue"
        age = (record.now - record.heartbeat_at).total_seconds() if record.heartbeat_at else None
        heartbeat = "never" if age is None else ago(age)
    alive = record.worker in {worker.name for worker in queue.workers}
    return StalledSession(
        view=view,
        owner=owner,
        word=word,
        evidence=health.evidence,
        advice=health.advice,
        heartbeat=heartbeat,
        worker=record.worker and f"{record.worker} ({'alive' if alive else 'not registered'} in RQ)",
        in_postgres=f"{record.status}, attempt {record.attempt}, claim {record.claim_no}",
        in_rq=rq_view(record.transcription_job_id) if queue.reachable else "Redis does not answer",
    )
