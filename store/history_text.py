"""Text in history: looked for in the next rows of an order first, since most words that people look for are common.

Only when these do not fill the page, the index of letters is asked, which is good at rare ones.
"""

import uuid
from typing import Any

from sqlalchemy.orm import Session

from store import text_statements, text_weeks
from store.history_counts import Counts, as_counts
from store.history_cursor import Cursor, Value
from store.history_filter import HistoryFilter
from store.history_kinds import Group, Order, kinds
from store.states import Status
from store.text_conditions import looked_for
from store.text_statements import Asked

WALKED = 2_000  # rows in which a text is looked for before the index of letters is asked
WALKED_FAR = 20_000  # the same of one coach, whose rows are seldom more, and to count what is common
COUNT_CAP = 200  # each has to be looked at
LIKELY = 4  # times as many as are wanted: with the letters of a common text, most have the text
NEWEST_FIRST = Order("created_at", descending=True)
Rows = list[tuple[uuid.UUID, Value]]


def some(
    db: Session, which: HistoryFilter, order: Order, group: Group, at: Cursor | None, limit: int
) -> tuple[Rows, Counts | None]:
    """The first `limit` sessions of the group beyond the cursor; where all that the filter finds were looked up for
    that, also how many they are."""
    asked = Asked.of(which, kinds(db, which), order, group, at)
    walked, counts = (WALKED if which.owner is None else WALKED_FAR), None
    if which.owner is None or at is not None:
        found = _rows(db.execute(text_statements.first_of_walk(asked, walked, limit), looked_for(which)))
        if len(found) == limit:
            return found, None
    else:  # all of a coach's sessions are looked at, or 201 that have the text
        few = text_statements.few_of_walk(asked, walked, max(COUNT_CAP + 1, limit), limit)
        found, counts = _with_counts(db.execute(few, looked_for(which)))
        if len(found) == limit and sum(counts.values()) > COUNT_CAP:
            return found, counts
    if which.owner is not None and not _is_longer(db, asked, walked):
        return found, counts if group is Group.ALL else None
    if len(found) == limit:
        return found, None
    return _by_letters(db, which, asked, limit, found)


def counts(db: Session, which: HistoryFilter, most: int) -> Counts:
    """How many sessions of each state the filter finds, counted no further than `most` in all."""
    asked = Asked.of(which, kinds(db, which), NEWEST_FIRST)
    for walked in (WALKED, WALKED_FAR) if which.owner is None else (WALKED_FAR,):
        found = as_counts(db.execute(text_statements.counts_of_walk(asked, walked, most), looked_for(which)))
        number = sum(found.values())
        if number == most or not _is_longer(db, asked, walked):
            return found
        if number * WALKED_FAR < most * walked:  # too rare for a longer walk to see enough of them
            break
    return as_counts(db.execute(text_statements.counts_by_letters(asked, most), looked_for(which)))


def _by_letters(db: Session, which: HistoryFilter, asked: Asked, limit: int, walked: Rows) -> tuple[Rows, Counts]:
    """As many as are counted are looked up, whichever these are: of a rare text that is all there are. Only of a common
    one, and when there are more rows than `walked` was found in, they are put in order."""
    few = text_statements.few_by_letters(asked, COUNT_CAP + 1, limit)
    found, counts = _with_counts(db.execute(few, looked_for(which)))
    if sum(counts.values()) <= COUNT_CAP:
        return found, counts
    from_start = asked.at is None and asked.group is Group.ALL  # then there are more rows, where the others are
    if which.owner is None and not from_start and not _is_longer(db, asked, WALKED):
        return walked, counts
    return _common(db, which, asked, limit), counts


def _common(db: Session, which: HistoryFilter, asked: Asked, limit: int) -> Rows:
    if which.owner is None:  # else row-level security has Postgres look at the text before the letters
        if text_weeks.has_weeks(asked):
            return _rows(db.execute(text_weeks.first_by_weeks(asked, limit), looked_for(which)))
        likely = text_statements.first_of_likely(asked, LIKELY * limit, limit)
        found = _rows(db.execute(likely, looked_for(which)))
        if len(found) == limit:
            return found
    return _rows(db.execute(text_statements.first_by_letters(asked, limit), looked_for(which)))


def _is_longer(db: Session, asked: Asked, walked: int) -> bool:
    """Whether there are more rows than were walked."""
    return db.scalars(text_statements.beyond_walk(asked, walked)).first() is not None


def _with_counts(found: Any) -> tuple[Rows, Counts]:
    rows = found.all()
    counts = {Status(status): number for status, number in (rows[0].counts or {}).items()}
    return _rows(row for row in rows if row.id is not None), counts


def _rows(found: Any) -> Rows:
    return [(row.id, row.key) for row in found]
