"""What a session's card shows: its view, its last words so far, and what to know while it waits."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from jobs import board, messages
from jobs.breakdown import Part, breakdown, usual
from jobs.engines.registry import engine_label
from jobs.queue_health import queue_health
from jobs.session_view import SessionView
from store import session_queries, transcript_queries
from store.database import transaction
from store.engine_stops import stops
from store.session_queries import SessionRecord
from store.states import Status
from store.timeline_queries import AttemptRow, StatusRow, attempts, status_history
from store.transcript_queries import Line

LAST_LINES = 2
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


def cards(owner: str | None, limit: int = 50) -> list[Card]:
    """What is under way and the newest others."""
    with transaction() as db:
        return _cards(db, session_queries.recent(db, owner=owner, limit=limit), LAST_LINES)


def detail(session_id: uuid.UUID, owner: str | None) -> Detail | None:
    """The session with its past; None when it is unknown or another coach's."""
    with transaction() as db:
        record = session_queries.by_id(db, session_id, owner=owner)
        if record is None:
            return None
        [card] = _cards(db, [record], MOST_LINES)
        tried = attempts(db, session_id)
        parts = breakdown(record, tried, usual(db, record))
        return Detail(card, record, status_history(db, session_id), tried, parts)


def lines(session_id: uuid.UUID) -> list[Line]:
    """The finished transcript, line by line."""
    with transaction() as db:
        return transcript_queries.lines(db, session_id)


def _cards(db: Session, records: Sequence[SessionRecord], most_lines: int) -> list[Card]:
    under_way = [record.id for record in records if record.status in {Status.PROCESSING, Status.PENDING}]
    words = transcript_queries.lines_so_far(db, under_way, most_lines)
    waits = any(record.status is Status.PENDING for record in records)
    note = _why_nobody_comes() if waits else None
    stopped = {stop.engine for stop in stops(db)} if waits else set()
    return [Card(view, words.get(view.session_id, []), _note(view, stopped, note)) for view in board.views(db, records)]


def _note(view: SessionView, stopped: set[str], nobody_comes: str | None) -> str | None:
    if view.status is not Status.PENDING:
        return None
    return ENGINE_STOPPED.format(engine_label(view.engine)) if view.engine in stopped else nobody_comes


def _why_nobody_comes() -> str | None:
    queue = queue_health()
    if not queue.reachable:
        return messages.QUEUE_DELAYED
    return None if queue.workers else NO_WORKER
