"""History kind by kind: finished sessions of one status and engine in the order of their own index, merged.

So the same few index entries are read, whether there are a thousand sessions or a million. Those under way are few.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, false, select, text, tuple_, union_all
from sqlalchemy.orm import Session

from store.history_cursor import Cursor, Value
from store.history_filter import HistoryFilter
from store.schema import CoachingSession
from store.states import FINAL, Status

ID, STATUS = CoachingSession.id.expression, CoachingSession.status.expression
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


def scope(which: HistoryFilter) -> Iterator[ColumnElement[bool]]:
    """The filter's time and owner."""
    if which.since is not None:
        yield CoachingSession.created_at >= which.since
    if which.until is not None:
        yield CoachingSession.created_at < which.until
    if which.owner is not None:
        yield CoachingSession.owner == which.owner


def by_kind(
    kinds: tuple[Kind, ...],
    which: HistoryFilter,
    order: Order,
    group: Group,
    at: Cursor | None,
    most: int,
    *,
    titles: bool = False,
) -> "CompoundSelect[Any]":
    """Of each of these kinds of finished sessions, and of those under way, the first `most` of the group beyond the
    cursor, in order. Postgres merges them, and reads no further than it is asked to."""
    columns: list[ColumnElement[Any]] = [ID.label("id"), order.key.label("key"), STATUS.label("status")]
    if titles:
        columns.append(CoachingSession.search_text.expression)
    wanted = [*reached(order, group, at, order.key), *scope(which)]
    parts = []
    for status, engine in kinds:
        if group is Group.VALUED and order.column in {"processing_sec", "speed"} and status != Status.COMPLETED:
            continue
        of_kind = [CoachingSession.status == status, CoachingSession.engine == engine]
        parts.append(select(*columns).where(CoachingSession.finished_at.is_not(None), *of_kind, *wanted))
    under_way = (which.statuses or frozenset(Status)) - FINAL
    if under_way:
        of_kind = [CoachingSession.status.in_(sorted(under_way)), *of_engine(which)]
        parts.append(select(*columns).where(CoachingSession.finished_at.is_(None), *of_kind, *wanted))
    if not parts:
        parts = [select(*columns).where(false())]
    ordered = [part.order_by(*order.by(order.key, ID)).limit(most).subquery() for part in parts]
    return union_all(*(select(part) for part in ordered))


def kinds(db: Session, which: HistoryFilter) -> tuple[Kind, ...]:
    """The kinds of finished sessions there are, in the filter's scope."""
    finished = (which.statuses or frozenset(Status)) & FINAL
    if not finished:
        return ()
    found = db.execute(_ALL_KINDS) if which.owner is None else db.execute(_OWN_KINDS, {"owner": which.owner})
    return tuple(
        (row.status, row.engine) for row in found if row.status in finished and which.engine in {None, row.engine}
    )


def of_engine(which: HistoryFilter) -> list[ColumnElement[bool]]:
    return [] if which.engine is None else [CoachingSession.engine == which.engine]


def reached(
    order: Order, group: Group, at: Cursor | None, key: ColumnElement[Any], session_id: ColumnElement[Any] = ID
) -> Iterator[ColumnElement[bool]]:
    """The rows of the group on the far side of the cursor, by these columns."""
    if group is not Group.ALL:
        yield key.is_not(None) if group is Group.VALUED else key.is_(None)
    if at is not None:
        here = tuple_(session_id) if at.value is None else tuple_(key, session_id)
        there = tuple_(at.session_id) if at.value is None else tuple_(at.value, at.session_id)
        yield here < there if order.descending else here > there
