"""Each hot query uses its index, and none reads a whole table of sessions, their history, attempts or estimates.

This is what Postgres plans for 30,000 sessions, filled as bench/million.py fills a million: many enough that reading
everything would lose, few enough for a test. That it is the same at a real million `make bench ONLY=million` shows. The
statements are the product's own, caught as it sends them, for a coach and for operations: a new one is looked at too.
"""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bench.worlds import plans, questions
from bench.worlds.million_rows import OLD, databases
from store.database import database_now, engine, transaction
from store.history_cursor import Cursor
from store.history_filter import HistoryFilter
from store.history_text import NEWEST_FIRST
from store.settings import settings
from store.states import FINAL
from store.text_conditions import looked_for
from store.text_statements import Asked
from store.text_weeks import first_by_weeks

SESSIONS = 30_000
# what must be among the indexes of a question; a plan may use others beside them
INTENDED = {
    "ops, -created": "session_by_created_at",
    "ops, speed, deep": "session_by_speed",
    "ops, -title, deep": "session_by_title_folded",
    "ops, -finished, deep": "session_by_finished_at",
    "ops, -duration": "session_by_duration_total",
    "ops, processing": "session_by_processing_sec",
    "coach, -speed": "session_by_own_speed",
    "coach, title, deep": "session_by_own_title_folded",
    "ops, 'qqqqq', -created": "session_search",
    "ops, under way, -created": "session_under_way",
    "a coach's cards": "session_under_way",
    "ops, 31 days": "statistic_pkey",
    "status of one": "session_pkey",
    "status of a batch": "session_pkey",
    "claim": "session_last_served",
    "lost": "session_running",
    "parked": "session_parked",
    "soonest": "session_under_way",
}


@pytest.fixture(scope="module")
def asked(servers: None) -> Iterator[questions.Questions]:
    """Every question, in a database of this test's own."""
    with databases((SESSIONS,)) as urls, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", urls[SESSIONS])
        _read_settings_anew()
        yield questions.everything()
        engine().dispose()
        patch.undo()
        _read_settings_anew()


@pytest.fixture(autouse=True)
def clean_servers() -> None:
    """In place of the one that empties the tables before each test: nothing is changed here."""


def test_no_hot_query_reads_a_whole_table(asked: questions.Questions) -> None:
    found = {name: scans for name, ask in asked.items() if (scans := plans.scans(ask))}
    assert found == {}


def test_each_uses_the_index_that_was_made_for_it(asked: questions.Questions) -> None:
    used = {name: plans.indexes(asked[name]) for name in INTENDED}
    assert {name: index for name, index in INTENDED.items() if index not in used[name]} == {}


@pytest.mark.parametrize("days_ago", [0, 100, 340], ids=lambda days: f"behind {days} days")
def test_a_text_is_found_from_week_to_week_by_letters_and_weeks(asked: questions.Questions, days_ago: int) -> None:
    """And not by a walk through an order, which makes the letters of each row on its way."""
    which = HistoryFilter(FINAL, text=OLD)
    assert asked

    def ask() -> None:
        with transaction() as db:
            at = Cursor(database_now(db) - timedelta(days=days_ago), uuid.UUID(int=0), forward=True)
            since = Asked.of(which, (), NEWEST_FIRST, at=at if days_ago else None)
            db.execute(first_by_weeks(since, 26), looked_for(which))

    hops = {"session_created"}  # from week to week
    assert plans.indexes(ask) - hops == {"session_search", "session_under_way"}
    assert plans.scans(ask) == []


def test_a_query_without_an_index_would_be_noticed(asked: questions.Questions) -> None:
    """The look at the plans itself: a question that has to read everything is told of."""
    from sqlalchemy import text

    assert asked

    def ask() -> None:
        with transaction() as db:
            db.execute(text("SELECT count(*) FROM session WHERE audio_format = :format"), {"format": "x"})

    assert [scan.partition(":")[0] for scan in plans.scans(ask)] == ["session"]


def _read_settings_anew() -> None:
    settings.cache_clear()
    engine.cache_clear()
