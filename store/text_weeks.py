"""A text that is common, but not lately, in an order of time: from week to week, by marks of weeks among the letters.

Letters and mark are two conditions on the index, so that Postgres leaps in each to where the other goes on: a week of
which nothing has the letters costs next to nothing.
"""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Subquery, Text, func, select, true, union_all
from sqlalchemy.dialects.postgresql import array

from store.history_kinds import ID, Group, reached
from store.text_conditions import finished, has_entries, has_text, letters, under_way
from store.text_statements import Asked, in_order, kept

MARKED = {"created_at": "created", "finished_at": "finished"}  # orders of time, by the word of their marks


def has_weeks(asked: Asked) -> bool:
    """Whether it is an order of time, and sessions without that time are not what is asked for."""
    return asked.order.column in MARKED and asked.group is not Group.EMPTY


@kept
def first_by_weeks(asked: Asked, limit: int) -> "Select[Any]":
    """The ids and values of the first `limit` of all that have the text; no more weeks are looked at than it takes."""
    which, order = asked.which, asked.order
    columns = (ID.label("id"), order.key.label("key"))
    beyond = list(reached(order, asked.group, asked.at, order.key))
    week = _weeks(asked)
    # Hidden in a subquery, or Postgres would guess from the letters where to begin, and leave weeks for later
    has_letters = has_entries(select(letters(which)).scalar_subquery())
    mark = func.concat(f"{MARKED[order.column]} ", week.c.number, type_=Text)
    of_week = finished(which, *columns).where(has_letters, has_entries(array([mark])), has_text(which), *beyond)
    first = of_week.order_by(*order.by(order.key, ID)).limit(limit).lateral("of_week")
    ended = select(first.c.id, first.c.key).select_from(week.join(first, true()))
    ended = ended.order_by(*order.by(week.c.number, first.c.key, first.c.id)).limit(limit)
    begun = under_way(which, *columns).where(has_text(which), *beyond)
    return in_order(asked, union_all(select(ended.subquery("ended")), begun).subquery("both"), limit)


def _weeks(asked: Asked) -> Subquery:
    """The numbers of all weeks beyond the cursor and in the filter's time, in the order."""
    order, which = asked.order, asked.which
    since, until = (which.since, which.until) if order.column == "created_at" else (None, None)
    here = None if asked.at is None else asked.at.value
    oldest = func.greatest(select(func.min(order.key)).scalar_subquery(), since, None if order.descending else here)
    newest = func.least(select(func.max(order.key)).scalar_subquery(), until, here if order.descending else None)
    number = func.generate_series(func.search_week(oldest), func.search_week(newest), type_=Integer)
    week: ColumnElement[int] = number.column_valued("week")
    return select(week.label("number")).order_by(*order.by(week)).subquery("weeks")
