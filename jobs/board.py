"""Records from the store become views: what pages and the API ask for. The only place where the two meet."""

import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from jobs import session_view
from jobs.engines import registry
from jobs.estimate import Expectation, Remaining
from jobs.lessons import Lessons, expected, lessons, lessons_of_each
from jobs.policy import Person, on_behalf_of, scope_of
from jobs.queue_wait import Busy, play
from jobs.session_view import Place, SessionView, view
from jobs.shared import Shared
from store import record_lookup, session_queries
from store.database import transaction
from store.queue_queries import Waiting, queue_facts
from store.session_queries import SessionRecord
from store.settings import settings
from store.states import Status


@dataclass(frozen=True)
class Seen:
    """A view, and since when (on the monotonic clock) what it says of other sessions may be out of date."""

    view: SessionView
    since_sec: float = math.inf  # it says nothing of them


def my_sessions(person: Person | None, limit: int = 50) -> list[SessionView]:
    """The person's own sessions, of ops too: what is under way and the newest others. None: everybody's."""
    with on_behalf_of(person) as db:
        found = session_queries.recent(db, owner=person.account_id if person else None, limit=limit)
    return views(found)


def sessions(ids: Sequence[uuid.UUID], person: Person | None = None) -> list[SessionView]:
    """The views of these sessions, in their order; ids that are unknown or another coach's are left out."""
    return [one.view for one in seen(ids, person)]


def session(session_id: uuid.UUID, person: Person | None = None) -> SessionView | None:
    found = sessions([session_id], person)
    return found[0] if found else None


def seen(ids: Sequence[uuid.UUID], person: Person | None = None) -> list[Seen]:
    """The same as `sessions`, and how old what they rest on is: one query for all of them, whatever their number."""
    records = record_lookup.look_up(ids, owner=scope_of(person), scope=person.scope if person else None)
    found = {record.id: record for record in records}
    return [_seen(found[session_id]) for session_id in dict.fromkeys(ids) if session_id in found]


def expectation(db: Session, engine: str, duration_sec: float) -> Expectation:
    """What a recording of this length is expected to take with this engine, beside what runs on it now."""
    beside = session_queries.processing_by_engine(db).get(engine, 0)
    return expected(db, engine, duration_sec, at_once=beside + 1)


def left_of(db: Session, record: SessionRecord) -> Remaining | None:
    """What the views of this session say is left of it now."""
    place = None
    if record.status is Status.PENDING:
        place = _places(db, lessons_of_each(db)).get(record.id)
    return session_view.left_of(record, place=place, lessons=lessons(db, record.engine))


def views(records: Sequence[SessionRecord]) -> list[SessionView]:
    """The views of these records, with a place in the queue for those that wait.

    That, and what finished sessions teach, depends on everybody's sessions, so it is the product that looks at them,
    for all who ask within 0.6 s; of others' sessions no more than numbers come out.
    """
    return [_seen(record).view for record in records]


def _seen(record: SessionRecord) -> Seen:
    if record.status not in {Status.PENDING, Status.PROCESSING}:
        return Seen(view(record))
    learned = _lessons.get((record.engine, registry.engine_model(record.engine)))
    if record.status is Status.PROCESSING:
        return Seen(view(record, lessons=learned.facts), learned.since_sec)
    queue = _queue.get(settings().workers)
    shown = view(record, place=queue.facts.get(record.id), lessons=learned.facts)
    return Seen(shown, min(learned.since_sec, queue.since_sec))


def _lessons_now(engine_and_model: tuple[str, str]) -> Lessons:
    with transaction() as db:
        return lessons(db, engine_and_model[0])


def _places_now(_workers: int) -> dict[uuid.UUID, Place]:
    with transaction() as db:
        return _places(db, lessons_of_each(db))


_lessons = Shared(_lessons_now)
_queue = Shared(_places_now)


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
