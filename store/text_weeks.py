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
WEEK_SEC = 7 * 86400.0  # no whole number: Postgres multiplies those up to 2038


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
    """The numbers of the weeks that have sessions, beyond the cursor and in the filter's time, in the order.

    From one to the next through the index: a single session of a wrong year must not bring thousands of weeks.
    """
    order, which = asked.order, asked.which
    within: list[ColumnElement[bool]] = [order.key.is_not(None)]
    if asked.at is not None:
        within.append(order.key <= asked.at.value if order.descending else order.key >= asked.at.value)
    if order.column == "created_at":
        within += [order.key >= which.since] if which.since else []
        within += [order.key < which.until] if which.until else []

    def first(*beyond: ColumnElement[bool]) -> ColumnElement[int]:
        edge = (func.max if order.descending else func.min)(order.key)
        return func.search_week(select(edge).where(*within, *beyond).scalar_subquery(), type_=Integer)

    week = select(first().label("number")).cte("week", recursive=True)
    start, end = (func.to_timestamp(number * WEEK_SEC) for number in (week.c.number, week.c.number + 1))
    later = first(order.key < start if order.descending else order.key >= end)
    week = week.union_all(select(later).where(week.c.number.is_not(None)))
    number = week.c.number
    return select(number).where(number.is_not(None)).order_by(*order.by(number)).subquery("weeks")
