"""Many sessions: filtered, sorted, in keyset pages that stay fast however far one turns them, counted, and as a stream.

A page is found by where the last one ended (its sort value and id), never by counting rows from the start.
store/history_rows.py says how the rows are found.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import history_rows, history_text
from store.history_counts import Counts
from store.history_cursor import BadCursor, Cursor, Value, read_cursor, write_cursor
from store.history_filter import FINISHED, HistoryFilter
from store.history_kinds import Group, Order
from store.schema import CoachingSession
from store.session_queries import SessionRecord, as_record, by_ids, select_records
from store.states import FINAL

__all__ = ["FINISHED", "HistoryFilter"]  # and what is defined here
COUNT_CAP = 1000
STREAM_ROWS = 500


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
    """One page, and the cursors of its neighbours; None where there is none. `count`: of all pages, if it is known."""

    records: list[SessionRecord]
    next: str | None
    previous: str | None
    count: "Counted | None" = None


@dataclass(frozen=True)
class Counted:
    """How many sessions a filter finds: exact up to the cap, since counting a million costs more than it tells."""

    number: int
    more: bool
    by_status: Counts = field(default_factory=dict, compare=False)  # exact up to the cap; of a text, of those counted

    @classmethod
    def up_to(cls, cap: int, by_status: Counts) -> "Counted":
        number = sum(by_status.values())
        return cls(min(number, cap), number > cap, by_status)

    @property
    def text(self) -> str:
        return f"{self.number:,}+" if self.more else f"{self.number:,}"


# The column that each order compares, and the type of its values
_COLUMNS: dict[SortBy, tuple[str, type[datetime] | type[str] | type[float]]] = {
    SortBy.CREATED: ("created_at", datetime),
    SortBy.FINISHED: ("finished_at", datetime),
    SortBy.TITLE: ("title_folded", str),
    SortBy.DURATION: ("duration_total", float),
    SortBy.PROCESSING: ("processing_sec", float),
    SortBy.SPEED: ("speed", float),
}


def page(
    db: Session, which: HistoryFilter, sort: Sort = NEWEST_FIRST, cursor: str | None = None, limit: int = 50
) -> HistoryPage:
    """The sessions after (or before) `cursor`, at most `limit`. BadCursor, a ValueError, for one that is not ours."""
    column, kind = _COLUMNS[sort.by]
    gaps = _has_gaps(sort.by, which)
    at = read_cursor(cursor, sort.word, kind) if cursor else None
    if at is not None and at.value is None and not gaps:
        raise BadCursor
    forward = at is None or at.forward
    order = Order(column, descending=sort.descending == forward)
    rows: list[tuple[uuid.UUID, Value]] = []
    counts: Counts | None = None
    for group in _groups(at, gaps=gaps, forward=forward):
        beyond = at if at is not None and group in {Group.ALL, Group.of(at.value)} else None
        found, known = history_rows.some(db, which, order, group, beyond, limit + 1 - len(rows))
        rows, counts = rows + found, counts if known is None else known
        if len(rows) > limit:
            break
    more, rows = len(rows) > limit, rows[:limit]
    if not forward:
        rows.reverse()
    records = {record.id: record for record in by_ids(db, [session_id for session_id, _ in rows])}
    has_next, has_previous = (more, at is not None) if forward else (True, more)
    return HistoryPage(
        records=[records[session_id] for session_id, _ in rows if session_id in records],
        next=_edge(sort, rows[-1], forward=True) if rows and has_next else None,
        previous=_edge(sort, rows[0], forward=False) if rows and has_previous else None,
        count=None if counts is None else Counted.up_to(_cap(which), counts),
    )


def count(db: Session, which: HistoryFilter, cap: int | None = None) -> Counted:
    """How many sessions the filter finds, counted no further than `cap`: 1,000, or 200 of those that have a text."""
    cap = _cap(which) if cap is None else cap
    return Counted.up_to(cap, history_rows.counts(db, which, cap + 1))


def _cap(which: HistoryFilter) -> int:
    return history_text.COUNT_CAP if which.words else COUNT_CAP


def ids(db: Session, which: HistoryFilter) -> list[uuid.UUID]:
    """Every session that the filter finds, the oldest first."""
    oldest_first = (CoachingSession.created_at, CoachingSession.id)
    return list(db.scalars(select(CoachingSession.id).where(*history_rows.conditions(which)).order_by(*oldest_first)))


def rows_for_csv(db: Session, which: HistoryFilter) -> Iterator[SessionRecord]:
    """Every session that the filter finds, the newest first, read as it is consumed: keep `db` open until then."""
    newest_first = (CoachingSession.created_at.desc(), CoachingSession.id.desc())
    statement = select_records().where(*history_rows.conditions(which)).order_by(*newest_first)
    for row in db.execute(statement, execution_options={"yield_per": STREAM_ROWS}):
        yield as_record(row)


def _has_gaps(by: SortBy, which: HistoryFilter) -> bool:
    """Whether some of the sessions may lack the value that the order compares."""
    only_finished = bool(which.statuses) and which.statuses <= FINAL
    return by in {SortBy.PROCESSING, SortBy.SPEED} or (by is SortBy.FINISHED and not only_finished)


def _groups(at: Cursor | None, *, gaps: bool, forward: bool) -> list[Group]:
    """What is read, one after the other: sessions without a value lie behind all others."""
    if not gaps:
        return [Group.ALL]
    whole = [Group.VALUED, Group.EMPTY] if forward else [Group.EMPTY, Group.VALUED]
    return whole if at is None else whole[whole.index(Group.of(at.value)) :]


def _edge(sort: Sort, row: tuple[uuid.UUID, Value], *, forward: bool) -> str:
    return write_cursor(sort.word, Cursor(row[1], row[0], forward))
