"""How rows of history are found: kind by kind (store/history_kinds.py), or by their text (store/history_text.py)."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from store import history_text, text_conditions
from store.history_counts import Counts, as_counts, of_each_status
from store.history_cursor import Cursor
from store.history_filter import HistoryFilter
from store.history_kinds import ID, Group, Order, by_kind, kinds, scope
from store.history_text import NEWEST_FIRST, Rows
from store.schema import CoachingSession
from store.states import FINAL


def some(
    db: Session, which: HistoryFilter, order: Order, group: Group, at: Cursor | None, limit: int
) -> tuple[Rows, Counts | None]:
    """The first `limit` sessions of the group in this order, beyond the cursor: ids and the values compared; and how
    many of each state the filter finds, where that came along."""
    if which.words:
        return history_text.some(db, which, order, group, at, limit)
    found = by_kind(kinds(db, which), which, order, group, at, limit).subquery("found")
    first = select(found.c.id, found.c.key).order_by(*order.by(found.c.key, found.c.id)).limit(limit)
    return [(row.id, row.key) for row in db.execute(first)], None


def counts(db: Session, which: HistoryFilter, most: int) -> Counts:
    """How many sessions of each state the filter finds, counted no further than `most` of each; with a text, in all."""
    if which.words:
        return history_text.counts(db, which, most)
    rows = by_kind(kinds(db, which), which, NEWEST_FIRST, Group.ALL, None, most).subquery("rows")
    return as_counts(db.execute(of_each_status(rows)))


def conditions(which: HistoryFilter) -> Iterator[ColumnElement[bool]]:
    """The filter as conditions on the session."""
    if which.statuses:
        yield CoachingSession.status.in_(sorted(which.statuses))
        if which.statuses <= FINAL:  # said apart, so that Postgres sees that the index of finished sessions will do
            yield CoachingSession.finished_at.is_not(None)
    if which.engine is not None:
        yield CoachingSession.engine == which.engine
    yield from scope(which)
    if which.words:
        yield CoachingSession.id.in_(text_conditions.with_letters(which, ID))
