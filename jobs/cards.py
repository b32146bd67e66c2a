"""What a session's card shows: its view, its last words so far, and what to know while it waits."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from jobs import board, messages
from jobs.breakdown import Part, breakdown, usual
from jobs.engines.registry import engine_label
from jobs.policy import Person, on_behalf_of, scope_of
from jobs.queue_health import somebody_works
from jobs.session_view import SessionView
from store import audit, session_queries, transcript_queries
from store.audit import Action
from store.database import transaction
from store.engine_stops import stops
from store.session_queries import SessionRecord
from store.states import Status
from store.timeline_queries import AttemptRow, StatusRow, attempts, status_history
from store.transcript_queries import Line

LAST_LINES = 2
SAME = timedelta(minutes=10)  # within which the same reader is on record once
MOST_LINES = 2_000
NO_WORKER = "No worker is running at the moment; your upload is safe and starts by itself."
ENGINE_STOPPED = "{} refuses this desk at the moment; operations see why. Your upload is safe and starts by itself."


@dataclass(frozen=True)
class Card:
    """One session as its coach sees it. `words`: the last lines so far while it runs. `note`: why it still waits."""

    view: SessionView
    words: list[Line]
    note: str | None


@dataclass(frozen=True)
class Detail:
    """One session with all about it, its words so far and its past included."""

    card: Card
    record: SessionRecord
    history: list[StatusRow]
    attempts: list[AttemptRow]
    parts: list[Part]  # where its time went


def cards(person: Person, limit: int = 50) -> list[Card]:
    """The person's own sessions, of ops too: what is under way and the newest others."""
    with on_behalf_of(person) as db:
        records = session_queries.recent(db, owner=person.account_id, limit=limit)
        words = _words(db, records, LAST_LINES)
    return _cards(records, words)


def detail(session_id: uuid.UUID, person: Person) -> Detail | None:
    """The session with its past; None when it is unknown or another coach's."""
    with on_behalf_of(person) as db:
        record = session_queries.by_id(db, session_id, owner=scope_of(person))
        if record is None:
            return None
        words = _words(db, [record], MOST_LINES)
        history, tried = status_history(db, session_id), attempts(db, session_id)
    with transaction() as db:  # what is usual is learned from everybody's sessions
        parts = breakdown(record, tried, usual(db, record))
    [card] = _cards([record], words)
    return Detail(card, record, history, tried, parts)


def lines(session_id: uuid.UUID, person: Person) -> list[Line]:
    """The finished transcript, line by line; empty for another coach's session."""
    with on_behalf_of(person) as db:
        if session_queries.by_id(db, session_id, owner=scope_of(person)) is None:
            return []
        audit.record(db, Action.OPENED, person.actor, session_id=session_id, detail="transcript", once_in=SAME)
        return transcript_queries.lines(db, session_id)


def _words(db: Session, records: Sequence[SessionRecord], most_lines: int) -> dict[uuid.UUID, list[Line]]:
    under_way = [record.id for record in records if record.status in {Status.PROCESSING, Status.PENDING}]
    return transcript_queries.lines_so_far(db, under_way, most_lines)


def _cards(records: Sequence[SessionRecord], words: dict[uuid.UUID, list[Line]]) -> list[Card]:
    waits = any(record.status is Status.PENDING for record in records)
    note = _why_nobody_comes() if waits else None
    stopped = _stopped_engines() if waits else set()
    return [Card(view, words.get(view.session_id, []), _note(view, stopped, note)) for view in board.views(records)]


def _stopped_engines() -> set[str]:
    with transaction() as db:
        return {stop.engine for stop in stops(db)}


def _note(view: SessionView, stopped: set[str], nobody_comes: str | None) -> str | None:
    if view.status is not Status.PENDING:
        return None
    return ENGINE_STOPPED.format(engine_label(view.engine)) if view.engine in stopped else nobody_comes


def _why_nobody_comes() -> str | None:
    works = somebody_works()
    if works is None:
        return messages.QUEUE_DELAYED
    return None if works else NO_WORKER
