"""How the rows of history are found: the same few index entries, whether there are a thousand sessions or a million.

Finished sessions are read kind by kind (a status and an engine), each in the order of its own index, and merged; those
under way are few. Text is looked for in the next rows of the order first, since most words that people look for are
common; only when these do not fill the page, the index of letters is asked, which is good at rare ones.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, select, text, tuple_, union_all
from sqlalchemy.orm import Session

from store.history_cursor import Cursor, Value
from store.history_filter import HistoryFilter
from store.schema import CoachingSession
from store.states import FINAL, Status

WALKED = 2_000  # rows in which a text is looked for before the index of letters is asked
WALKED_FAR = 20_000  # the same of one coach, whose rows are seldom more, and to count what is common
ID = CoachingSession.id.expression
Kind = tuple[str, str]

# A step from kind to kind through the index: all of them, for the price of a few look-ups
_KINDS = """
WITH RECURSIVE kind (status, engine) AS (
    (SELECT status, engine FROM session WHERE finished_at IS NOT NULL{own} ORDER BY status, engine LIMIT 1)
    UNION ALL
    SELECT later.status, later.engine FROM kind, LATERAL (
        SELECT status, engine FROM session
        WHERE finished_at IS NOT NULL{own} AND (status, engine) > (kind.status, kind.engine)
        ORDER BY status, engine LIMIT 1
    ) AS later
)
SELECT status, engine FROM kind
"""
_ALL_KINDS, _OWN_KINDS = text(_KINDS.format(own="")), text(_KINDS.format(own=" AND owner = :owner"))


class Group(Enum):
    """Sessions that have the value which an order compares, those that have none, or both."""

    VALUED = "valued"
    EMPTY = "empty"
    ALL = "all"

    @classmethod
    def of(cls, value: Value) -> "Group":
        return cls.EMPTY if value is None else cls.VALUED


@dataclass(frozen=True)
class Order:
    """The column of the session that is compared, then the id."""

    column: str
    descending: bool

    @property
    def key(self) -> ColumnElement[Any]:
        return getattr(CoachingSession, self.column).expression  # type: ignore[no-any-return]

    def by(self, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        return [column.desc() if self.descending else column.asc() for column in columns]


def some(
    db: Session, which: HistoryFilter, order: Order, group: Group, beyond: Cursor | None, limit: int
) -> list[tuple[uuid.UUID, Value]]:
    """The first `limit` sessions of the group in this order, beyond the cursor: ids and the values compared."""
    wanted: list[ColumnElement[bool]] = [*_in_group(order, group), *_beyond(order, beyond)]
    if not which.words:
        return _ordered(db, _by_kind(db, which, order, group, wanted, limit), order, limit)
    most = WALKED if which.owner is None else WALKED_FAR
    walked = _by_kind(db, which, order, group, wanted, most + 1, titles=True)
    if walked is None:
        return []
    found = _ordered(db, _matching(walked, which, order, most), order, limit)
    if len(found) == limit or not _is_longer(db, walked, most):
        return found
    return _ordered(db, _by_letters(which, order, wanted), order, limit, all_first=True)


def count(db: Session, which: HistoryFilter, most: int) -> int:
    """How many sessions the filter finds, counted no further than `most`."""
    order = Order("created_at", descending=True)
    rows = _by_kind(db, which, order, Group.ALL, [], max(most, WALKED_FAR + 1), titles=bool(which.words))
    if rows is None:
        return 0
    if not which.words:
        return _count(db, rows, most)
    walks = (WALKED, WALKED_FAR) if which.owner is None else (WALKED_FAR,)
    for walked in walks:
        found = _count(db, _matching(rows, which, order, walked), most)
        if found == most or not _is_longer(db, rows, walked):
            return found
        if found * WALKED_FAR < most * walked:  # too rare for a longer walk to see enough of them
            break
    return _count(db, _by_letters(which, order, []), most)


def conditions(which: HistoryFilter) -> Iterator[ColumnElement[bool]]:
    """The filter as conditions on the session."""
    if which.statuses:
        yield CoachingSession.status.in_(sorted(which.statuses))
        if which.statuses <= FINAL:  # said apart, so that Postgres sees that the index of finished sessions will do
            yield CoachingSession.finished_at.is_not(None)
    if which.engine is not None:
        yield CoachingSession.engine == which.engine
    yield from _scope(which)
    if which.words:
        yield CoachingSession.id.in_(_by_letters(which, Order("created_at", descending=True), [], ids_alone=True))


def _scope(which: HistoryFilter) -> Iterator[ColumnElement[bool]]:
    if which.since is not None:
        yield CoachingSession.created_at >= which.since
    if which.until is not None:
        yield CoachingSession.created_at < which.until
    if which.owner is not None:
        yield CoachingSession.owner == which.owner


def _by_kind(
    db: Session,
    which: HistoryFilter,
    order: Order,
    group: Group,
    wanted: list[ColumnElement[bool]],
    most: int,
    *,
    titles: bool = False,
) -> "CompoundSelect[Any] | None":
    """The first `most` of each kind of finished session that there is, and of those under way, each in order; None when
    there is nothing. Postgres merges them, and reads no further than it is asked to."""
    columns: list[ColumnElement[Any]] = [ID.label("id"), order.key.label("key")]
    if titles:
        columns.append(CoachingSession.search_text.expression)
    wanted = [*wanted, *_scope(which)]
    parts = []
    for status, engine in _kinds(db, which):
        if group is Group.VALUED and order.column in {"processing_sec", "speed"} and status != Status.COMPLETED:
            continue
        of_kind = [CoachingSession.status == status, CoachingSession.engine == engine]
        parts.append(select(*columns).where(CoachingSession.finished_at.is_not(None), *of_kind, *wanted))
    under_way = (which.statuses or frozenset(Status)) - FINAL
    if under_way:
        of_kind = [CoachingSession.status.in_(sorted(under_way)), *_of_engine(which)]
        parts.append(select(*columns).where(CoachingSession.finished_at.is_(None), *of_kind, *wanted))
    ordered = [part.order_by(*order.by(order.key, ID)).limit(most).subquery() for part in parts]
    return union_all(*(select(part) for part in ordered)) if ordered else None


def _by_letters(
    which: HistoryFilter, order: Order, wanted: list[ColumnElement[bool]], *, ids_alone: bool = False
) -> "CompoundSelect[Any]":
    """The sessions that have the text: finished ones by the index of letters, looked at again; and those under way."""
    columns = [ID.label("id")] if ids_alone else [ID.label("id"), order.key.label("key")]
    letters = func.search_grams(CoachingSession.search_text)
    has_letters = letters.bool_op("@>")(func.search_grams_of(func.lower(which.words)))
    has_text = _has_text(CoachingSession.search_text, which.words)
    these = [*_scope(which), *_of_engine(which), *wanted, has_text]
    if which.statuses:
        these.append(CoachingSession.status.in_(sorted(which.statuses)))
    finished = select(*columns).where(CoachingSession.finished_at.is_not(None), has_letters, *these)
    under_way = select(*columns).where(CoachingSession.finished_at.is_(None), *these)
    return union_all(finished, under_way)


def _matching(rows: "CompoundSelect[Any]", which: HistoryFilter, order: Order, most: int) -> "Select[Any]":
    """Those of the first `most` rows that have the text."""
    walked = rows.subquery("rows")
    first = select(walked).order_by(*order.by(walked.c.key, walked.c.id)).limit(most).subquery("walked")
    return select(first.c.id, first.c.key).where(_has_text(first.c.search_text, which.words))


def _is_longer(db: Session, rows: "CompoundSelect[Any]", walked: int) -> bool:
    """Whether there are more rows than were walked."""
    subquery = rows.subquery("rows")
    return db.scalars(select(subquery.c.id).offset(walked).limit(1)).first() is not None


def _ordered(
    db: Session, rows: Any, order: Order, limit: int, *, all_first: bool = False
) -> list[tuple[uuid.UUID, Value]]:
    """`all_first`: find them all before they are put in order, instead of going through the order to find some."""
    if rows is None:
        return []
    found = rows.cte("found").prefix_with("MATERIALIZED") if all_first else rows.subquery("found")
    statement = select(found.c.id, found.c.key).order_by(*order.by(found.c.key, found.c.id)).limit(limit)
    return [(row.id, row.key) for row in db.execute(statement)]


def _count(db: Session, rows: Any, most: int) -> int:
    some_rows = select(rows.subquery("rows").c.id).limit(most).subquery("some")
    return db.scalars(select(func.count()).select_from(some_rows)).one()


def _kinds(db: Session, which: HistoryFilter) -> list[Kind]:
    """The kinds of finished sessions there are, in the filter's scope."""
    finished = (which.statuses or frozenset(Status)) & FINAL
    if not finished:
        return []
    found = db.execute(_ALL_KINDS) if which.owner is None else db.execute(_OWN_KINDS, {"owner": which.owner})
    kinds = [(row.status, row.engine) for row in found if row.status in finished]
    return [kind for kind in kinds if which.engine in {None, kind[1]}]


def _of_engine(which: HistoryFilter) -> list[ColumnElement[bool]]:
    return [] if which.engine is None else [CoachingSession.engine == which.engine]


def _has_text(searched: Any, words: str) -> ColumnElement[bool]:
    """Small letters are compared, as Postgres makes them on both sides."""
    for special in "/%_":
        words = words.replace(special, f"/{special}")
    found: ColumnElement[bool] = searched.like(func.lower(f"%{words}%"), escape="/")
    return found


def _in_group(order: Order, group: Group) -> Iterator[ColumnElement[bool]]:
    if group is not Group.ALL:
        yield order.key.is_not(None) if group is Group.VALUED else order.key.is_(None)


def _beyond(order: Order, at: Cursor | None) -> Iterator[ColumnElement[bool]]:
    """The rows on the far side of the cursor."""
    if at is not None:
        here = tuple_(ID) if at.value is None else tuple_(order.key, ID)
        there = tuple_(at.session_id) if at.value is None else tuple_(at.value, at.session_id)
        yield here < there if order.descending else here > there
