"""Text in history: looked for in the next rows of an order first, since most words that people look for are common.

Only when these do not fill the page, the index of letters is asked, which is good at rare ones.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, FromClause, Select, func, select, true, union_all
from sqlalchemy.orm import Session

from store.history_cursor import Cursor, Value
from store.history_filter import HistoryFilter
from store.history_kinds import ID, STATUS, Group, Order, by_kind, of_engine, reached, scope
from store.schema import CoachingSession
from store.states import Status

WALKED = 2_000  # rows in which a text is looked for before the index of letters is asked
WALKED_FAR = 20_000  # the same of one coach, whose rows are seldom more, and to count what is common
COUNT_CAP = 200  # each has to be looked at
NEWEST_FIRST = Order("created_at", descending=True)
Rows = list[tuple[uuid.UUID, Value]]
Counts = Mapping[Status, int]


def some(
    db: Session, which: HistoryFilter, order: Order, group: Group, at: Cursor | None, limit: int
) -> tuple[Rows, Counts | None]:
    """The first `limit` sessions of the group beyond the cursor; where all that the filter finds were looked up for
    that, also how many they are."""
    most = WALKED if which.owner is None else WALKED_FAR
    rows = by_kind(db, which, order, group, at, most + 1, titles=True)
    if rows is None:
        return [], None
    matching = _matching(rows, which, order, most).subquery("found")
    first = select(matching.c.id, matching.c.key).order_by(*order.by(matching.c.key, matching.c.id)).limit(limit)
    found = [(row.id, row.key) for row in db.execute(first)]
    if len(found) == limit or not _is_longer(db, rows, most):
        return found, None
    return _by_letters(db, which, order, group, at, limit)


def counts(db: Session, which: HistoryFilter, most: int) -> Counts:
    """How many sessions of each state the filter finds, counted no further than `most` in all."""
    rows = by_kind(db, which, NEWEST_FIRST, Group.ALL, None, max(most, WALKED_FAR + 1), titles=True)
    if rows is None:
        return {}
    walks = (WALKED, WALKED_FAR) if which.owner is None else (WALKED_FAR,)
    for walked in walks:
        found = counted(db, _matching(rows, which, NEWEST_FIRST, walked), most)
        number = sum(found.values())
        if number == most or not _is_longer(db, rows, walked):
            return found
        if number * WALKED_FAR < most * walked:  # too rare for a longer walk to see enough of them
            break
    return counted(db, with_letters(which, ID.label("id"), STATUS.label("status")), most)


def counted(db: Session, rows: "CompoundSelect[Any] | Select[Any]", most: int | None = None) -> Counts:
    """How many of the rows, or the first `most` of them, there are of each status."""
    found = db.execute(_of_each_status(rows.subquery("rows"), most))
    return {Status(row.status): row.number for row in found}


def _of_each_status(rows: FromClause, most: int | None) -> "Select[Any]":
    """The status and number of the rows, or of the first `most` of them."""
    first = select(rows.c.status).limit(most).subquery("first")
    return select(first.c.status, func.count().label("number")).group_by(first.c.status)


def with_letters(which: HistoryFilter, *columns: ColumnElement[Any]) -> "CompoundSelect[Any]":
    """These columns of the sessions that have the text: finished ones by the index of letters, looked at again; and
    those under way."""
    letters = func.search_grams(CoachingSession.search_text)
    has_letters = letters.bool_op("@>")(func.search_grams_of(func.lower(which.words)))
    these = [*scope(which), *of_engine(which), _has_text(CoachingSession.search_text, which.words)]
    if which.statuses:
        these.append(CoachingSession.status.in_(sorted(which.statuses)))
    finished = select(*columns).where(CoachingSession.finished_at.is_not(None), has_letters, *these)
    under_way = select(*columns).where(CoachingSession.finished_at.is_(None), *these)
    return union_all(finished, under_way)


def _by_letters(
    db: Session, which: HistoryFilter, order: Order, group: Group, at: Cursor | None, limit: int
) -> tuple[Rows, Counts]:
    """All that have the text are found before they are put in order, instead of walking through the order."""
    columns = (ID.label("id"), order.key.label("key"), STATUS.label("status"))
    found = with_letters(which, *columns).cte("found").prefix_with("MATERIALIZED")
    of_status = _of_each_status(found, COUNT_CAP + 1).subquery("of_status")
    counts = select(func.jsonb_object_agg(of_status.c.status, of_status.c.number).label("counts")).subquery("counts")
    wanted = select(found.c.id, found.c.key).where(*reached(order, group, at, found.c.key, found.c.id))
    page = wanted.order_by(*order.by(found.c.key, found.c.id)).limit(limit).subquery("page")
    both = select(page.c.id, page.c.key, counts.c.counts).select_from(counts.outerjoin(page, true()))
    rows = db.execute(both.order_by(*order.by(page.c.key, page.c.id))).all()
    numbers = {Status(status): number for status, number in (rows[0].counts or {}).items()}
    return [(row.id, row.key) for row in rows if row.id is not None], numbers


def _matching(rows: "CompoundSelect[Any]", which: HistoryFilter, order: Order, most: int) -> "Select[Any]":
    """Those of the first `most` rows that have the text."""
    walked = rows.subquery("rows")
    first = select(walked).order_by(*order.by(walked.c.key, walked.c.id)).limit(most).subquery("walked")
    return select(first.c.id, first.c.key, first.c.status).where(_has_text(first.c.search_text, which.words))


def _is_longer(db: Session, rows: "CompoundSelect[Any]", walked: int) -> bool:
    """Whether there are more rows than were walked."""
    subquery = rows.subquery("rows")
    return db.scalars(select(subquery.c.id).offset(walked).limit(1)).first() is not None


def _has_text(searched: Any, words: str) -> ColumnElement[bool]:
    """Small letters are compared, as Postgres makes them on both sides."""
    for special in "/%_":
        words = words.replace(special, f"/{special}")
    found: ColumnElement[bool] = searched.like(func.lower(f"%{words}%"), escape="/")
    return found
