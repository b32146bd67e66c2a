"""How many sessions of each state history finds."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import FromClause, Select, func, select

from store.states import Status

Counts = Mapping[Status, int]


def of_each_status(rows: FromClause, most: int | None = None) -> "Select[Any]":
    """The status and number of the rows, or of the first `most` of them."""
    first = select(rows.c.status).limit(most).subquery("first")
    return select(first.c.status, func.count().label("number")).group_by(first.c.status)


def as_counts(found: Any) -> Counts:
    """What a statement of `of_each_status` finds."""
    return {Status(row.status): row.number for row in found}
