"""Many sessions: filtered, sorted, in keyset pages that stay fast however far one turns them, counted, and as a stream.

A page is found by where the last one ended (its sort value and id), never by counting rows from the start.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Double, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from store.history_cursor import BadCursor, Cursor, Value, read_cursor, write_cursor
from store.schema import Attempt, CoachingSession
from store.session_queries import SessionRecord, as_record, by_ids, select_records
from store.states import FINAL, Status

COUNT_CAP = 1000
STREAM_ROWS = 500


@dataclass(frozen=True)
class HistoryFilter:
    """Which sessions; everything left out means any. `text` is looked for in title and file name."""

    statuses: frozenset[Status] = frozenset()
    engine: str | None = None
    since: datetime | None = None  # uploaded at this time or later
    until: datetime | None = None  # uploaded before this time
    text: str = ""
    owner: str | None = None


FINISHED = HistoryFilter(statuses=FINAL)


class SortBy(StrEnum):
    CREATED = "created"
    FINISHED = "finished"
    TITLE = "title"
    DURATION = "duration"  # of the audio
    PROCESSING = "processing"  # how long it took
    SPEED = "speed"  # seconds of audio a second of processing


@dataclass(frozen=True)
class Sort:
    """An order. Sessions that have no such value (yet) come last, whichever the direction."""

    by: SortBy = SortBy.CREATED
    descending: bool = True

    @property
    def word(self) -> str:
        """As the API and links write it: `title`, or `-created` for the newest first."""
        return f"-{self.by}" if self.descending else str(self.by)

    @classmethod
    def from_word(cls, word: str) -> "Sort":
        """The order that `word` names; ValueError for any other word."""
        return cls(SortBy(word.removeprefix("-")), word.startswith("-"))


NEWEST_FIRST = Sort()


@dataclass(frozen=True)
class HistoryPage:
    """One page, and the cursors of its neighbours; None where there is none."""

    records: list[SessionRecord]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Counted:
    """How many sessions a filter finds: exact up to the cap, since counting a million costs more than it tells."""

    number: int
    more: bool

    @property
    def text(self) -> str:
        return f"{self.number:,}+" if self.more else f"{self.number:,}"


_TOOK = func.extract("epoch", CoachingSession.finished_at - CoachingSession.started_at).cast(Double)
_LAST_ATTEMPT = and_(Attempt.session_id == CoachingSession.id, Attempt.number == CoachingSession.attempt)
_OWN_SEC = CoachingSession.duration_total - func.coalesce(Attempt.resumed_sec, 0.0)  # audio done by the last attempt
_COMPLETED = CoachingSession.status == Status.COMPLETED
# What each order compares, as jobs/session_view.py shows it, and the type of its values
_KEYS: dict[SortBy, tuple[ColumnElement[Any], type[datetime] | type[str] | type[float]]] = {
    SortBy.CREATED: (CoachingSession.created_at.expression, datetime),
    SortBy.FINISHED: (CoachingSession.finished_at.expression, datetime),
    SortBy.TITLE: (func.lower(CoachingSession.title), str),
    SortBy.DURATION: (CoachingSession.duration_total.expression, float),
    SortBy.PROCESSING: (case((_COMPLETED, _TOOK)), float),
    SortBy.SPEED: (case((_COMPLETED, _OWN_SEC / func.nullif(_TOOK, 0.0))), float),
}


def page(
    db: Session, which: HistoryFilter, sort: Sort = NEWEST_FIRST, cursor: str | None = None, limit: int = 50
) -> HistoryPage:
    """The sessions after (or before) `cursor`, at most `limit`. BadCursor, a ValueError, for one that is not ours."""
    key, kind = _KEYS[sort.by]
    gaps = _has_gaps(sort.by, which)
    at = read_cursor(cursor, sort.word, kind) if cursor else None
    if at is not None and at.value is None and not gaps:
        raise BadCursor
    forward = at is None or at.forward
    down = sort.descending == forward
    order = [column.desc() if down else column.asc() for column in (key, CoachingSession.id.expression)]
    if gaps:
        order.insert(0, key.is_(None).asc() if forward else key.is_(None).desc())
    statement = select(CoachingSession.id, key.label("key")).where(*_conditions(which))
    if sort.by is SortBy.SPEED:
        statement = statement.outerjoin(Attempt, _LAST_ATTEMPT)
    if at is not None:
        statement = statement.where(_beyond(at, key, down=down, gaps=gaps))
    rows = [(row.id, row.key) for row in db.execute(statement.order_by(*order).limit(limit + 1))]
    more, rows = len(rows) > limit, rows[:limit]
    if not forward:
        rows.reverse()
    found = {record.id: record for record in by_ids(db, [session_id for session_id, _ in rows])}
    has_next, has_previous = (more, at is not None) if forward else (True, more)
    return HistoryPage(
        records=[found[session_id] for session_id, _ in rows if session_id in found],
        next=_edge(sort, rows[-1], forward=True) if rows and has_next else None,
        previous=_edge(sort, rows[0], forward=False) if rows and has_previous else None,
    )


def count(db: Session, which: HistoryFilter, cap: int = COUNT_CAP) -> Counted:
    """How many sessions the filter finds, counted no further than `cap`."""
    some = select(CoachingSession.id).where(*_conditions(which)).limit(cap + 1).subquery()
    number = db.scalars(select(func.count()).select_from(some)).one()
    return Counted(min(number, cap), number > cap)


def ids(db: Session, which: HistoryFilter) -> list[uuid.UUID]:
    """Every session that the filter finds, the oldest first."""
    oldest_first = (CoachingSession.created_at, CoachingSession.id)
    return list(db.scalars(select(CoachingSession.id).where(*_conditions(which)).order_by(*oldest_first)))


def rows_for_csv(db: Session, which: HistoryFilter) -> Iterator[SessionRecord]:
    """Every session that the filter finds, the newest first, read as it is consumed: keep `db` open until then."""
    newest_first = (CoachingSession.created_at.desc(), CoachingSession.id.desc())
    statement = select_records().where(*_conditions(which)).order_by(*newest_first)
    for row in db.execute(statement, execution_options={"yield_per": STREAM_ROWS}):
        yield as_record(row)


def _conditions(which: HistoryFilter) -> Iterator[ColumnElement[bool]]:
    if which.statuses:
        yield CoachingSession.status.in_(sorted(which.statuses))
        if which.statuses <= FINAL:  # said apart, so that Postgres sees that the index of finished sessions will do
            yield CoachingSession.finished_at.is_not(None)
    if which.engine is not None:
        yield CoachingSession.engine == which.engine
    if which.since is not None:
        yield CoachingSession.created_at >= which.since
    if which.until is not None:
        yield CoachingSession.created_at < which.until
    if which.owner is not None:
        yield CoachingSession.owner == which.owner
    if text := which.text.replace("\0", "").strip():  # Postgres has no NUL in text
        yield or_(
            CoachingSession.title.icontains(text, autoescape=True),
            CoachingSession.audio_filename.icontains(text, autoescape=True),
        )


def _has_gaps(by: SortBy, which: HistoryFilter) -> bool:
    """Whether some of the sessions may lack the value that the order compares."""
    only_finished = bool(which.statuses) and which.statuses <= FINAL
    return by in {SortBy.PROCESSING, SortBy.SPEED} or (by is SortBy.FINISHED and not only_finished)


def _beyond(at: Cursor, key: ColumnElement[Any], *, down: bool, gaps: bool) -> ColumnElement[bool]:
    """The rows on the far side of the cursor; those without a value lie behind all others."""
    own_id = CoachingSession.id.expression
    if at.value is None:
        further = and_(key.is_(None), own_id < at.session_id if down else own_id > at.session_id)
        return further if at.forward else or_(further, key.is_not(None))
    here, there = tuple_(key, own_id), tuple_(at.value, at.session_id)
    further = here < there if down else here > there
    return or_(further, key.is_(None)) if gaps and at.forward else further


def _edge(sort: Sort, row: tuple[uuid.UUID, Value], *, forward: bool) -> str:
    return write_cursor(sort.word, Cursor(row[1], row[0], forward))
