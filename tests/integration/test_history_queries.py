"""Pages of history: every session once, in order, in both directions, whatever the sort and the filter."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from store import history_text, text_statements
from store.database import transaction
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
from store.schema import Attempt, CoachingSession, ProcessingStatus
from store.states import FINAL, Status

MONDAY = datetime(2025, 1, 6, 9, tzinfo=UTC)
SORTS = [Sort(by, descending) for by in SortBy for descending in (False, True)]


@pytest.fixture
def db() -> Iterator[Session]:
    with transaction() as session:
        yield session


def add(
    db: Session,
    *,
    status: Status = Status.COMPLETED,
    owner: str = "coach",
    title: str = "Session",
    filename: str = "session.wav",
    day: int = 0,
    minutes: float = 10,
    took_sec: float = 60,
    resumed_sec: float = 0,
    engine_name: str = "pocketsphinx",
) -> uuid.UUID:
    session_id = uuid.uuid4()
    created = MONDAY + timedelta(days=day)
    begun = status is not Status.PENDING
    db.execute(
        insert(CoachingSession).values(
            id=session_id,
            owner=owner,
            title=title,
            audio_filename=filename,
            audio_uri=f"local://{session_id}",
            audio_size_bytes=1,
            audio_sha256="0" * 64,
            audio_format="wav",
            duration_total=minutes * 60,
            duration_resumed=resumed_sec,
            language="en",
            engine=engine_name,
            status=status,
            attempt=int(begun),
            created_at=created,
            started_at=created if begun else None,
            heartbeat_at=created if begun else None,
            finished_at=created + timedelta(seconds=took_sec) if status in FINAL else None,
        )
    )
    db.execute(
        insert(ProcessingStatus).values(
            session_id=session_id,
            status=status,
            progress=100 if status is Status.COMPLETED else 0,
            message="",
            actor="test",
            attempt=int(begun),
            claim_no=0,
        )
    )
    if begun:
        db.execute(
            insert(Attempt).values(
                session_id=session_id,
                number=1,
                claim_no=0,
                engine=engine_name,
                worker="w",
                started_by="coach",
                expected_sec=60,
                expected_from="default",
                spread=2,
                resumed_sec=resumed_sec,
                queued_at=created,
                started_at=created,
            )
        )
    return session_id


@pytest.fixture
def many(db: Session) -> list[uuid.UUID]:
    """Sessions in every state, with ties in every sort."""
    states = list(Status)
    return [
        add(
            db,
            status=states[number % 5],
            day=number // 3,
            title=f"{'Zz' if number % 2 else 'aa'} {number // 4}",
            minutes=10 + number // 4,
            took_sec=60 + number // 6,
            resumed_sec=number % 3,
        )
        for number in range(23)
    ]


def turn(db: Session, which: HistoryFilter, sort: Sort, limit: int) -> list[list[uuid.UUID]]:
    """All pages, read forward, and again backward from the last, which must show the same."""
    pages, cursors, cursor = [], [], None
    while True:
        shown = page(db, which, sort, cursor, limit)
        pages.append([record.id for record in shown.records])
        cursors.append(shown.previous)
        if shown.next is None:
            break
        cursor = shown.next
    assert cursors[0] is None
    backward, cursor = pages[-1:], cursors[-1]
    while cursor:
        shown = page(db, which, sort, cursor, limit)
        assert shown.next is not None
        backward.insert(0, [record.id for record in shown.records])
        cursor = shown.previous
    assert backward == pages
    return pages


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


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("words", ["zz", "Z", "aa 1", "session.WAV", "1", "zz 5", "qq", "_", "%"])
@pytest.mark.parametrize("sort", [NEWEST_FIRST, Sort(SortBy.SPEED)], ids=lambda sort: sort.word)
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
    having = [add(db, title="Abcd", day=day) for day in range(8)]
    for day in range(scattered):
        add(db, title="Abc, bcd", day=10 + day)
    found = page(db, HistoryFilter(FINAL, text="abcd"), limit=4)
    assert [record.id for record in found.records] == having[:-5:-1]
    assert bool(looked_at_all) == bool(scattered), "only where few that have the letters have the text"


def test_none_is_passed_over_for_one_under_way(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WALKED", "COUNT_CAP"):
        monkeypatch.setattr(history_text, name, 1)
    for day in range(30):
        add(db, title="Abc, bcd", day=day)  # the letters, but not the text
    finished = [add(db, title="Abcd", day=40 + day) for day in range(8)]
    under_way = [add(db, title="Abcd", day=100 + day, status=Status.PENDING) for day in range(5)]
    oldest_first = Sort(SortBy.CREATED, descending=False)
    shown = [session_id for part in turn(db, HistoryFilter(text="abcd"), oldest_first, limit=4) for session_id in part]
    assert shown == finished + under_way


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
