"""Cursors of an order by title: as long as the longest title makes them, and no longer."""

import uuid
from collections.abc import Callable

import pytest

from jobs.submit import LONGEST_NAME, Wishes
from store.database import transaction
from store.history_cursor import LONGEST_CURSOR, BadCursor, Cursor, write_cursor
from store.history_queries import HistoryFilter, Sort, SortBy, page

BY_TITLE = Sort(SortBy.TITLE, descending=False)
LETTERS = ["x", '"', "é", "İ", "語", "\U0001f600"]


@pytest.mark.parametrize("letter", LETTERS, ids=[f"U+{ord(letter):04X}" for letter in LETTERS])
@pytest.mark.parametrize("descending", [False, True])
def test_a_page_that_ends_with_the_longest_title_can_be_turned_both_ways(
    new_session: Callable[..., uuid.UUID], letter: str, descending: bool
) -> None:
    title = Wishes(title=letter * (LONGEST_NAME + 1)).check().title
    assert title == letter * LONGEST_NAME
    sort = Sort(SortBy.TITLE, descending)
    ids = sorted((new_session(title=title) for _ in range(3)), reverse=descending)
    with transaction() as db:
        first = page(db, HistoryFilter(), sort, limit=1)
        second = page(db, HistoryFilter(), sort, first.next, limit=1)
        third = page(db, HistoryFilter(), sort, second.next, limit=1)
        back = page(db, HistoryFilter(), sort, third.previous, limit=1)
    shown = [[record.id for record in one.records] for one in (first, second, third, back)]
    assert shown == [[ids[0]], [ids[1]], [ids[2]], [ids[1]]]
    assert third.next is None


def cursor_of_length(letters: int) -> str:
    """A cursor that is ours in every other respect."""
    bare = len(write_cursor(BY_TITLE.word, Cursor("", uuid.UUID(int=0), True)))
    for more in range((letters - bare) * 3 // 4 - 2, letters):
        cursor = write_cursor(BY_TITLE.word, Cursor("a" * more, uuid.UUID(int=0), True))
        if len(cursor) >= letters:
            return cursor
    raise AssertionError(letters)


def test_a_cursor_beyond_the_longest_is_refused(new_session: Callable[..., uuid.UUID]) -> None:
    last = new_session(title="b")
    longest, beyond = cursor_of_length(LONGEST_CURSOR), cursor_of_length(LONGEST_CURSOR + 1)
    assert len(longest) == LONGEST_CURSOR < len(beyond)
    with transaction() as db:
        assert [record.id for record in page(db, HistoryFilter(), BY_TITLE, longest).records] == [last]
        with pytest.raises(BadCursor, match="first page"):
            page(db, HistoryFilter(), BY_TITLE, beyond)
