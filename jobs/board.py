"""Records from the store become views: what pages and the API ask for. The only place where the two meet."""

import uuid
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from jobs import session_view
from jobs.engines import registry
from jobs.estimate import Expectation, Remaining
from jobs.lessons import Lessons, lessons, lessons_of_each
from jobs.policy import Person, on_behalf_of, scope_of
from jobs.queue_wait import Busy, play
from jobs.session_view import Place, SessionView, view
from store import session_queries
from store.database import transaction
from store.queue_queries import Waiting, queue_facts
from store.session_queries import SessionRecord
from store.settings import settings
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
    """What a recording of this length is expected to take with this engine, beside what runs on it now."""
    beside = session_queries.processing_by_engine(db).get(engine, 0)
    return lessons(db, engine).expect(duration_sec, at_once=beside + 1)


def left_of(db: Session, record: SessionRecord) -> Remaining | None:
    """What the views of this session say is left of it now."""
    place = None
    if record.status is Status.PENDING:
        place = _places(db, lessons_of_each(db)).get(record.id)
    return session_view.left_of(record, place=place, lessons=lessons(db, record.engine))


def views(records: Sequence[SessionRecord]) -> list[SessionView]:
    """The views of these records, with a place in the queue for those that wait.

    That, and what finished sessions teach, depends on everybody's sessions, so it is the product that looks at them, in
    a transaction of its own; of others' sessions no more than numbers come out.
    """
    under_way = {Status.PENDING, Status.PROCESSING}
    moving = [record for record in records if record.status in under_way]
    if not moving:
        return [view(record) for record in records]
    with transaction() as db:
        learned = lessons_of_each(db)
        waits = any(record.status is Status.PENDING for record in moving)
        places = _places(db, learned) if waits else {}
        for engine in {record.engine for record in moving}:
            learned(engine)  # read here, where there is a transaction
    return [
        view(record, place=places.get(record.id), lessons=learned(record.engine))
        if record.status in under_way
        else view(record)
        for record in records
    ]


def _places(db: Session, learned: Callable[[str], Lessons]) -> dict[uuid.UUID, Place]:
    """The place of every waiting session: the claims are played forward."""
    facts = queue_facts(db)
    workers = settings().workers
    busy = [
        Busy(record.owner, _left_sec(record, learned), parked=record.next_run_at is not None)
        for record in session_queries.with_status(db, Status.PROCESSING)
    ]
    at_once = min(max(workers, 1), len(busy) + len(facts.waiting))

    def takes(session: Waiting) -> tuple[float, bool]:
        expected = learned(session.engine).expect(session.duration_total, at_once=at_once)
        return expected.expected_sec, registry.is_remote(session.engine)

    turns = play(
        facts.waiting, busy, running=facts.running, last_served=facts.last_served, workers=workers, takes=takes
    )
    return {session_id: Place(turn.position, len(turns), turn.wait_sec) for session_id, turn in turns.items()}


def _left_sec(record: SessionRecord, learned: Callable[[str], Lessons]) -> float:
    left = session_view.left_of(record, lessons=learned(record.engine))
    return left.sec if left else 0.0
