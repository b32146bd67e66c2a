"""When a session has a text, as conditions: by the index of letters, and by looking at title and file name.

The index holds finished sessions; those under way are few.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, Text, bindparam, func, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from store.history_filter import HistoryFilter
from store.history_kinds import of_engine, scope
from store.schema import CoachingSession
from store.states import FINAL


def looked_for(which: HistoryFilter) -> Mapping[str, str]:
    """What a statement that was made without the text is to be executed with."""
    pattern = which.words
    for special in "/%_":
        pattern = pattern.replace(special, f"/{special}")
    return {"words": which.words, "pattern": f"%{pattern}%"}


def with_letters(which: HistoryFilter, *columns: ColumnElement[Any]) -> "CompoundSelect[Any]":
    """These columns of the sessions that have the text: finished ones by the index of letters, looked at again; and
    those under way."""
    parts = (finished(which, *columns).where(has_letters(which)), under_way(which, *columns))
    return union_all(*(part.where(has_text(which)) for part in parts))


def finished(which: HistoryFilter, *columns: ColumnElement[Any]) -> "Select[Any]":
    """Finished sessions of the filter, whatever their text."""
    of_finished = [] if which.statuses >= FINAL else _of_status(which)
    return select(*columns).where(
        CoachingSession.finished_at.is_not(None), *scope(which), *of_engine(which), *of_finished
    )


def under_way(which: HistoryFilter, *columns: ColumnElement[Any]) -> "Select[Any]":
    """Sessions of the filter that are not finished, whatever their text."""
    return select(*columns).where(
        CoachingSession.finished_at.is_(None), *scope(which), *of_engine(which), *_of_status(which)
    )


def has_letters(which: HistoryFilter) -> ColumnElement[bool]:
    """Whether the index has the letters of the text, if perhaps elsewhere."""
    return has_entries(letters(which))


def letters(which: HistoryFilter) -> ColumnElement[Any]:
    """What the index is asked for: some threes of letters of the text."""
    return func.search_grams_of(func.lower(_text(which, "words")))


def has_entries(entries: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the index has all of these entries of a finished session: letters, or marks of the day it began or
    finished."""
    made_of = CoachingSession.search_text, CoachingSession.created_at, CoachingSession.finished_at
    return func.search_entries(*made_of, type_=ARRAY(Text)).bool_op("@>")(entries)


def has_text(which: HistoryFilter, searched: Any = CoachingSession.search_text) -> ColumnElement[bool]:
    """Small letters are compared, as Postgres makes them on both sides."""
    found: ColumnElement[bool] = searched.like(func.lower(_text(which, "pattern")), escape="/")
    return found


def _of_status(which: HistoryFilter) -> list[ColumnElement[bool]]:
    return [CoachingSession.status.in_(sorted(which.statuses))] if which.statuses else []


def _text(which: HistoryFilter, name: str) -> ColumnElement[str]:
    """The text of the filter, or a place for what `looked_for` says when the statement is executed."""
    return bindparam(name, looked_for(which)[name], Text()) if which.words else bindparam(name, type_=Text())
