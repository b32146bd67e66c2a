"""Text in history: the same sessions in the same order, whichever way they are looked for."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from store import history_text, text_statements, text_weeks
from store.history_queries import FINISHED, NEWEST_FIRST, HistoryFilter, Sort, SortBy, count, page
from store.states import FINAL, Status
from tests.instruments.history import MONDAY, add, turn

OF_TIME = [Sort(by, descending) for by in (SortBy.CREATED, SortBy.FINISHED) for descending in (True, False)]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("words", ["zz", "Z", "aa 1", "session.WAV", "1", "zz 5", "qq", "_", "%"])
@pytest.mark.parametrize(
    "sort", [NEWEST_FIRST, Sort(SortBy.FINISHED, descending=False), Sort(SortBy.SPEED)], ids=lambda sort: sort.word
)
@pytest.mark.parametrize("which", [HistoryFilter(), FINISHED, HistoryFilter(owner="coach")], ids=["all", "done", "own"])
def test_text_is_found_the_same_by_walking_and_by_letters(
    db: Session, monkeypatch: pytest.MonkeyPatch, words: str, sort: Sort, which: HistoryFilter
) -> None:
    wanted = replace(which, text=words)
    walked, number = turn(db, wanted, sort, limit=4) if count(db, wanted).number else [], count(db, wanted)
    for name in ("WALKED", "WALKED_FAR"):
        monkeypatch.setattr(history_text, name, 1)
    assert (turn(db, wanted, sort, limit=4) if number.number else []) == walked
    assert count(db, wanted) == number
    assert sum(len(shown) for shown in walked) == number.number
    monkeypatch.setattr(history_text, "COUNT_CAP", 2)  # more than are counted
    assert (turn(db, wanted, sort, limit=4) if number.number else []) == walked


@pytest.mark.parametrize("scattered", [0, 30])
def test_the_first_that_have_a_common_text_are_found_behind_those_that_only_have_its_letters(
    db: Session, monkeypatch: pytest.MonkeyPatch, scattered: int
) -> None:
    for name in ("WALKED", "COUNT_CAP"):
        monkeypatch.setattr(history_text, name, 1)
    looked_at_all = []
    ask = text_statements.first_by_letters
    monkeypatch.setattr(text_statements, "first_by_letters", lambda *asked: looked_at_all.append(asked) or ask(*asked))
    having = [add(db, title="Abcd", minutes=1 + number) for number in range(8)]
    for number in range(scattered):
        add(db, title="Abc, bcd", minutes=10 + number)
    found = page(db, HistoryFilter(FINAL, text="abcd"), Sort(SortBy.DURATION), limit=4)
    assert [record.id for record in found.records] == having[:-5:-1]
    assert bool(looked_at_all) == bool(scattered), "only where few that have the letters have the text"


def test_none_is_passed_over_for_one_under_way(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WALKED", "COUNT_CAP"):
        monkeypatch.setattr(history_text, name, 1)
    for number in range(30):
        add(db, title="Abc, bcd", minutes=1 + number)  # the letters, but not the text
    finished = [add(db, title="Abcd", minutes=40 + number) for number in range(8)]
    under_way = [add(db, title="Abcd", minutes=100 + number, status=Status.PENDING) for number in range(5)]
    shortest_first = Sort(SortBy.DURATION, descending=False)
    pages = turn(db, HistoryFilter(text="abcd"), shortest_first, limit=4)
    assert [session_id for shown in pages for session_id in shown] == finished + under_way


@pytest.mark.parametrize("sort", OF_TIME, ids=lambda sort: sort.word)
@pytest.mark.parametrize(
    "which",
    [
        HistoryFilter(text="abcd"),
        HistoryFilter(FINAL, text="abcd"),
        HistoryFilter(text="abcd", engine="google"),
        HistoryFilter(text="abcd", since=MONDAY + timedelta(days=100), until=MONDAY + timedelta(days=200)),
    ],
    ids=["all", "done", "of an engine", "of some weeks"],
)
def test_a_text_that_is_common_but_not_lately_is_found_from_week_to_week(
    db: Session, monkeypatch: pytest.MonkeyPatch, sort: Sort, which: HistoryFilter
) -> None:
    """Those that only have the letters fill weeks before, between and after; some take a week to finish."""
    for number in range(60):
        engine = "google" if number % 3 else "pocketsphinx"
        status = Status.PENDING if number % 20 == 19 else Status.COMPLETED
        took = timedelta(days=9 if number % 4 else 1, seconds=number % 2) if number % 5 else timedelta(days=1)
        title = "Abcd" if 10 < number < 50 and number % 4 != 3 else "Abc, bcd"
        day = number * 7 - number % 3
        add(db, title=title, day=day, status=status, took_sec=took.total_seconds(), engine_name=engine)
    for wrong_clock in (-700_000, -20_000, 40_000):
        add(db, title="Abcd", day=wrong_clock, engine_name="google")
    walked = turn(db, which, sort, limit=4)
    assert len(walked) > 1
    for name in ("WALKED", "COUNT_CAP"):
        monkeypatch.setattr(history_text, name, 1)
    by_weeks = []
    ask = text_weeks.first_by_weeks
    monkeypatch.setattr(text_weeks, "first_by_weeks", lambda *asked: by_weeks.append(asked) or ask(*asked))
    assert turn(db, which, sort, limit=4) == walked
    assert by_weeks


def test_where_the_walk_came_to_the_end_nothing_else_is_asked(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_text, "COUNT_CAP", 1)
    for asked in ("first_by_weeks", "first_of_likely", "first_by_letters"):
        monkeypatch.delattr(text_weeks if asked == "first_by_weeks" else text_statements, asked)
    for number in range(6):
        add(db, title="Abcd", minutes=1 + number, day=number)
    for sort in (NEWEST_FIRST, Sort(SortBy.DURATION)):
        assert [len(shown) for shown in turn(db, HistoryFilter(FINAL, text="abcd"), sort, limit=4)] == [4, 2]


def test_a_coach_is_told_of_no_more_than_are_theirs(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page and the count of a coach's text are one question."""
    monkeypatch.setattr(history_text, "COUNT_CAP", 5)
    for day in range(9):
        add(db, title="Abcd", day=day, owner="coach" if day % 2 else "other")
        add(db, title="Other", day=day)
    own = HistoryFilter(owner="coach", text="abcd")
    found = page(db, own, limit=2)
    assert found.count is not None
    assert (found.count.text, found.count.by_status) == ("4", {Status.COMPLETED: 4})
    assert page(db, own, cursor=found.next, limit=2).count is None, "what is beyond a cursor is not all"
    for day in range(3):
        add(db, title="Abcd", day=day)
    for sort in (NEWEST_FIRST, Sort(SortBy.SPEED)):
        found = page(db, own, sort, limit=2)
        assert found.count is not None
        assert found.count.text == "5+"
