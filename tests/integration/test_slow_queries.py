"""Statements that take long are logged, without their values."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from store.database import engine, transaction

SLEEP = text("SELECT pg_sleep(0.02), CAST(:title AS text)")


@pytest.fixture
def slow_from(settings_of: Callable[..., None]) -> Callable[[float], None]:
    def change(milliseconds: float) -> None:
        settings_of(slow_query_ms=milliseconds)
        engine().dispose()
        engine.cache_clear()

    return change


def test_a_slow_statement_is_logged_with_its_time_and_program_but_not_its_values(
    slow_from: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    slow_from(20)
    with transaction() as db:
        db.execute(SLEEP, {"title": "Conflict with a peer"})
    [record] = [record for record in caplog.records if record.name == "store.slow_queries"]
    assert "ms, transcript-desk: SELECT pg_sleep(0.02), CAST(" in record.getMessage()
    assert "Conflict" not in caplog.text


def test_one_that_fails_late_is_logged_too(
    slow_from: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    slow_from(20)
    with transaction() as db, pytest.raises(DBAPIError):
        db.execute(text("SET LOCAL statement_timeout = 30; SELECT pg_sleep(10)"))
    assert "SELECT pg_sleep(10)" in caplog.text
    assert "Slow query" in caplog.text


@pytest.mark.parametrize("milliseconds", [5_000, 0])
def test_quick_ones_are_not_and_zero_means_none(
    milliseconds: float, slow_from: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    slow_from(milliseconds)
    with transaction() as db:
        db.execute(SLEEP, {"title": "x"})
    assert "Slow query" not in caplog.text
