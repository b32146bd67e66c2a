"""The statements by which a text is found in history (store/history_text.py).

Those of first pages are made once for a kind of question and kept: to make one takes Python longer than Postgres needs
for most of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, wraps
from typing import Any

from sqlalchemy import CompoundSelect, FromClause, Select, func, select, true, union_all
from sqlalchemy.orm import aliased

from store.history_counts import of_each_status
from store.history_cursor import Cursor
from store.history_filter import HistoryFilter
from store.history_kinds import ID, STATUS, Group, Kind, Order, by_kind, reached
from store.schema import CoachingSession
from store.text_conditions import finished, has_letters, has_text, under_way, with_letters

KEPT = 64  # of each statement


@dataclass(frozen=True)
class Asked:
    """All of a question but its text: sessions of the group beyond the cursor, in order."""

    which: HistoryFilter
    kinds: tuple[Kind, ...]
    order: Order
    group: Group
    at: Cursor | None

    @classmethod
    def of(
        cls,
        which: HistoryFilter,
        kinds: tuple[Kind, ...],
        order: Order,
        group: Group = Group.ALL,
        at: Cursor | None = None,
    ) -> "Asked":
        return cls(replace(which, text=""), kinds, order, group, at)

    def rows(self, most: int) -> "CompoundSelect[Any]":
        """Of each kind the first `most`, with what text is looked for in."""
        return by_kind(self.kinds, self.which, self.order, self.group, self.at, most, titles=True)


def kept(make: Callable[..., "Select[Any]"]) -> Callable[..., "Select[Any]"]:
    """Keep what it makes, but for pages behind a cursor: there are as many of these as sessions, and titles in them."""
    made = lru_cache(KEPT)(make)
    return wraps(make)(lambda asked, *numbers: (made if asked.at is None else make)(asked, *numbers))


@kept
def first_of_walk(asked: Asked, walked: int, limit: int) -> "Select[Any]":
    """The ids and values of the first `limit` of those among the first `walked` rows that have the text."""
    found = _walk(asked, walked)
    return in_order(asked, found, limit)


@kept
def counts_of_walk(asked: Asked, walked: int, most: int) -> "Select[Any]":
    """How many of those there are of each status, counted no further than `most` in all."""
    return of_each_status(_walk(asked, walked), most)


@kept
def beyond_walk(asked: Asked, walked: int) -> "Select[Any]":
    """The id of a row behind those that were walked, if there is one."""
    rows = asked.rows(walked + 1).subquery("rows")
    return select(rows.c.id).offset(walked).limit(1)


@kept
def few_of_walk(asked: Asked, walked: int, most: int, limit: int) -> "Select[Any]":
    """The same as `few_by_letters` of those among the first `walked` rows: the first `most` that have the text."""
    found = _walk(asked, walked)
    few = select(found).order_by(*asked.order.by(found.c.key, found.c.id)).limit(most)
    return _with_counts(asked, few.cte("few"), limit)


@kept
def few_by_letters(asked: Asked, most: int, limit: int) -> "Select[Any]":
    """The first `limit` among `most` sessions that have the text, whichever these are, each with how many of them there
    are of each status; one row without an id when the page is empty."""
    columns = (ID.label("id"), asked.order.key.label("key"), STATUS.label("status"))
    few = select(_all_of(with_letters(asked.which, *columns))).limit(most)
    return _with_counts(asked, few.cte("few"), limit)


@kept
def first_of_likely(asked: Asked, most: int, limit: int) -> "Select[Any]":
    """The same as `first_by_letters` where it finds that many: of those that have the letters, and of those under way,
    only the first `most` are looked at."""
    columns = (ID.label("id"), asked.order.key.label("key"))
    likely = union_all(
        finished(asked.which, *columns).where(has_letters(asked.which)), under_way(asked.which, *columns)
    )
    nearest = in_order(asked, _all_of(likely), most).subquery("nearest")
    again = aliased(CoachingSession)
    found = select(nearest).join(again, again.id == nearest.c.id).where(has_text(asked.which, again.search_text))
    return in_order(asked, found.subquery("found"), limit)


@kept
def first_by_letters(asked: Asked, limit: int) -> "Select[Any]":
    """The ids and values of the first `limit` of all that have the text."""
    return in_order(asked, _all_of(with_letters(asked.which, ID.label("id"), asked.order.key.label("key"))), limit)


@kept
def counts_by_letters(asked: Asked, most: int) -> "Select[Any]":
    """How many have the text of each status, counted no further than `most` in all."""
    return of_each_status(_all_of(with_letters(asked.which, STATUS.label("status"))), most)


def _all_of(rows: "CompoundSelect[Any]") -> FromClause:
    """Found as if all were wanted: for the first few, Postgres might rather walk through an order, and make the letters
    of each row on its way to them."""
    return rows.offset(0).subquery("all_of")


def _walk(asked: Asked, walked: int) -> FromClause:
    """Those of the first `walked` rows that have the text."""
    rows = asked.rows(walked + 1).subquery("rows")
    first = select(rows).order_by(*asked.order.by(rows.c.key, rows.c.id)).limit(walked).subquery("walked")
    found = select(first.c.id, first.c.key, first.c.status).where(has_text(asked.which, first.c.search_text))
    return found.subquery("found")


def _with_counts(asked: Asked, few: FromClause, limit: int) -> "Select[Any]":
    of_status = of_each_status(few).subquery("of_status")
    counts = select(func.jsonb_object_agg(of_status.c.status, of_status.c.number).label("counts")).subquery("counts")
    page = in_order(asked, few, limit).subquery("page")
    both = select(page.c.id, page.c.key, counts.c.counts).select_from(counts.outerjoin(page, true()))
    return both.order_by(*asked.order.by(page.c.key, page.c.id))


def in_order(asked: Asked, found: FromClause, limit: int) -> "Select[Any]":
    """The ids and values of the first of these rows, beyond the cursor."""
    wanted = select(found.c.id, found.c.key).where(
        *reached(asked.order, asked.group, asked.at, found.c.key, found.c.id)
    )
    return wanted.order_by(*asked.order.by(found.c.key, found.c.id)).limit(limit)
