"""Pages of history: every session once, in order, in both directions, whatever the sort and the filter."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from store.history_cursor import BadCursor
from store.history_queries import (
    FINISHED,
    NEWEST_FIRST,
    HistoryFilter,
    Sort,
    SortBy,
    count,
    page,
    rows_for_csv,
)
from store.states import Status
from tests.instruments.history import MONDAY, add, turn

SORTS = [Sort(by, descending) for by in SortBy for descending in (False, True)]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: sort.word)
@pytest.mark.parametrize("which", [HistoryFilter(), FINISHED], ids=["all", "finished"])
def test_every_session_once_in_order(db: Session, sort: Sort, which: HistoryFilter) -> None:
    whole = page(db, which, sort, limit=100)
    assert whole.next is whole.previous is None
    ids = [record.id for record in whole.records]
    assert len(ids) == len(set(ids)) == (23 if which != FINISHED else 13)
    pages = turn(db, which, sort, limit=4)
    assert [session_id for shown in pages for session_id in shown] == ids
    assert {len(shown) for shown in pages[:-1]} == {4}


def test_a_page_that_ends_with_the_last_session_has_no_next(db: Session) -> None:
    for day in range(4):
        add(db, day=day)
    assert [len(shown) for shown in turn(db, FINISHED, NEWEST_FIRST, limit=2)] == [2, 2]


@pytest.mark.parametrize("descending", [False, True])
def test_orders_compare_what_is_shown(db: Session, descending: bool) -> None:
    slow = add(db, title="beta", minutes=10, took_sec=600, day=0)
    quick = add(db, title="Alpha", minutes=20, took_sec=60, day=1)
    resumed = add(db, title="gamma", minutes=30, took_sec=300, resumed_sec=29 * 60, day=2)
    waiting = add(db, title="delta", minutes=1, status=Status.PENDING, day=3)
    expected = {
        SortBy.CREATED: [slow, quick, resumed, waiting],
        SortBy.FINISHED: [slow, quick, resumed],
        SortBy.TITLE: [quick, slow, waiting, resumed],
        SortBy.DURATION: [waiting, slow, quick, resumed],
        SortBy.PROCESSING: [quick, resumed, slow],
        SortBy.SPEED: [resumed, slow, quick],
    }
    for by, ids in expected.items():
        shown = [record.id for record in page(db, HistoryFilter(), Sort(by, descending)).records]
        ordered = ids[::-1] if descending else ids
        assert shown == ordered + [waiting] * (waiting not in ids), by


def test_sessions_that_arrive_meanwhile_do_not_shift_a_page(db: Session) -> None:
    old = [add(db, day=day) for day in range(4)]
    first = page(db, FINISHED, limit=2)
    add(db, day=9)
    second = page(db, FINISHED, cursor=first.next, limit=2)
    assert [record.id for record in first.records + second.records] == old[::-1]


def test_filters(db: Session) -> None:
    failed = add(db, status=Status.FAILED, title="Growth 100%", day=1)
    other = add(db, owner="other", title="Growth 1000", day=2)
    named = add(db, filename="Über_uns.mp3", engine_name="google", day=3)

    def found(**wishes: object) -> set[uuid.UUID]:
        which = HistoryFilter(**wishes)  # type: ignore[arg-type]
        records = page(db, which).records
        assert {record.id for record in rows_for_csv(db, which)} == {record.id for record in records}
        assert count(db, which).number == len(records)
        return {record.id for record in records}

    assert found() == {failed, other, named}
    assert found(statuses=frozenset({Status.FAILED})) == {failed}
    assert found(statuses=frozenset({Status.PENDING})) == set()
    assert found(owner="coach") == {failed, named}
    assert found(engine="google") == {named}
    assert found(since=MONDAY + timedelta(days=2)) == {other, named}
    assert found(until=MONDAY + timedelta(days=2)) == {failed}
    assert found(text="growth") == {failed, other}
    assert found(text="100%") == {failed}
    assert found(text="r_u") == {named}
    assert found(text="1_0") == set()
    assert found(text="\\") == set()
    assert found(text="\0") == {failed, other, named}
    assert found(text="u\u0308ber") == {named}, "two signs that look like one letter"
    assert found(text="Growth  100% \u200d") == {failed}, "as titles are tidied"


def test_count_stops_at_its_cap(db: Session) -> None:
    for _ in range(3):
        add(db)
    assert (count(db, FINISHED).text, count(db, FINISHED, cap=3).text) == ("3", "3")
    assert count(db, FINISHED, cap=2).text == "2+"


def test_csv_rows_are_the_newest_first(db: Session) -> None:
    ids = [add(db, day=day) for day in range(3)]
    assert [record.id for record in rows_for_csv(db, FINISHED)] == ids[::-1]


@pytest.mark.parametrize(
    "cursor", ["x", "é", "AAAA", "bnVsbA", "W10", "WyItY3JlYXRlZCIsbnVsbCwiMCIsdHJ1ZV0", "A" * 3000, "W1tbW1tbW10"]
)
def test_a_cursor_that_is_not_ours_is_refused(db: Session, cursor: str) -> None:
    with pytest.raises(BadCursor):
        page(db, FINISHED, cursor=cursor)


def test_a_cursor_of_another_order_is_refused(db: Session) -> None:
    for day in range(3):
        add(db, day=day)
    cursor = page(db, FINISHED, limit=1).next
    with pytest.raises(BadCursor, match="first page"):
        page(db, FINISHED, Sort(SortBy.TITLE), cursor)


def test_words_of_sorts() -> None:
    assert [Sort.from_word(sort.word) for sort in SORTS] == SORTS
    with pytest.raises(ValueError, match="sideways"):
        Sort.from_word("sideways")
