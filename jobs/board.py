"""Records from the store become views: what pages and the API ask for. The only place where the two meet."""

import heapq
import uuid
from collections.abc import Callable, Sequence
from functools import cache

from sqlalchemy.orm import Session

from jobs.estimate import Expectation, expect
from jobs.policy import Person, on_behalf_of, scope_of
from jobs.queue_position import claim_order
from jobs.session_view import Place, SessionView, view
from store import session_queries
from store.database import transaction
from store.queue_queries import queue_facts
from store.session_queries import SessionRecord
from store.settings import settings
from store.speed_queries import finished_paces
from store.states import Status


def my_sessions(person: Person | None, limit: int = 50) -> list[SessionView]:
    """The person's own sessions, of ops too: what is under way and the newest others. None: everybody's."""
    with on_behalf_of(person) as db:
        found = session_queries.recent(db, owner=person.account_id if person else None, limit=limit)
    return views(found)


def sessions(ids: Sequence[uuid.UUID], person: Person | None = None) -> list[SessionView]:
    """The views of these sessions, in their order; ids that are unknown or another coach's are left out."""
    with on_behalf_of(person) as db:
        found = {record.id: record for record in session_queries.by_ids(db, ids, owner=scope_of(person))}
    return views([found[session_id] for session_id in dict.fromkeys(ids) if session_id in found])


def session(session_id: uuid.UUID, person: Person | None = None) -> SessionView | None:
    found = sessions([session_id], person)
    return found[0] if found else None


def expectation(db: Session, engine: str, duration_sec: float) -> Expectation:
    """What a recording of this length is expected to take with this engine."""
    return expect(duration_sec, finished_paces(db, engine))


def views(records: Sequence[SessionRecord]) -> list[SessionView]:
    """The views of these records, with a place in the queue for those that wait.

    That depends on everybody's sessions, so it is the product that looks at them, in a transaction of its own; of
    others' sessions no more than a number comes out.
    """
    if not any(record.status is Status.PENDING for record in records):
        return [view(record) for record in records]
    with transaction() as db:
        expected = _expectations(db)
        places = _places(db, expected)
        for engine in {record.engine for record in records if record.status is Status.PENDING}:
            expected(engine, 1.0)  # read here, where there is a transaction
    return [
        view(record, place=places.get(record.id), learned=expected(record.engine, record.duration_total))
        if record.status is Status.PENDING
        else view(record)
        for record in records
    ]


def _expectations(db: Session) -> Callable[[str, float], Expectation]:
    """`expectation` for many recordings, with one query an engine."""
    paces = cache(lambda engine: finished_paces(db, engine))
    return lambda engine, duration_sec: expect(duration_sec, paces(engine))


def _places(db: Session, expected: Callable[[str, float], Expectation]) -> dict[uuid.UUID, Place]:
    """The place of every waiting session: workers are given the sessions ahead of it in the order of the claim."""
    facts = queue_facts(db)
    waiting = {session.session_id: session for session in facts.waiting}
    held = [record for record in session_queries.with_status(db, Status.PROCESSING) if record.next_run_at is None]
    running = [view(record).remaining_sec or 0.0 for record in held]  # parked ones occupy no worker
    free_at = sorted(running)[: settings().workers]
    free_at += [0.0] * (settings().workers - len(free_at))
    heapq.heapify(free_at)
    places = {}
    order = claim_order(facts.waiting, facts.running, facts.last_served)
    for index, session_id in enumerate(order):
        wait = heapq.heappop(free_at)
        places[session_id] = Place(index + 1, len(order), wait)
        ahead = waiting[session_id]
        heapq.heappush(free_at, wait + expected(ahead.engine, ahead.duration_total).expected_sec)
    return places
