"""Statistics say what the sessions say: of those that there are, no more and no less, and to each their own."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from jobs import retry_cancel, statistics_kept
from jobs.engines.registry import statistic_title
from jobs.histogram import quantile
from jobs.speed_view import SpeedView, figures, speed
from store import statistics
from store.database import transaction
from store.statistics import Bucket
from tests.instruments.claims import claimed, complete, set_facts
from tests.instruments.people import coach, ops
from tests.instruments.statistics import refreshed

NewSession = Callable[..., uuid.UUID]


def finished(new_session: NewSession, took_sec: float = 20.0, owner: str = "anna") -> uuid.UUID:
    session_id = new_session(owner=owner)
    complete(claimed())
    set_facts(session_id, f"started_at = finished_at - interval '{took_sec} s'")
    return session_id


def shown(days: int = 7) -> SpeedView:
    refreshed()
    return speed(days, ops())


@pytest.mark.parametrize("days", [1, 7, 90])
def test_each_range_counts_what_ended(days: int, new_session: NewSession) -> None:
    for took_sec in (10, 20, 30):
        finished(new_session, took_sec)
    retry_cancel.give_up(new_session(), actor="operations")
    view = shown(days)
    assert (view.completed, view.failed, view.cancelled) == (3, 1, 0)
    assert view.typical_speed == pytest.approx(3.0)
    assert view.audio_hours == pytest.approx(0.05)
    assert sum(failed.number for failed in view.failures) == 0  # it had no attempt


def test_what_is_deleted_or_taken_up_again_counts_no_more(new_session: NewSession) -> None:
    kept, deleted = finished(new_session), finished(new_session)
    again = new_session()
    retry_cancel.give_up(again, actor="operations")
    assert (shown().completed, shown().failed) == (2, 1)
    retry_cancel.delete(deleted)
    retry_cancel.retry(again, actor="operations")
    assert (shown().completed, shown().failed) == (1, 0)
    retry_cancel.delete(kept)
    shown()
    with transaction() as db:
        assert db.scalar(text("SELECT count(*) FROM statistic")) == 0


def test_a_coach_sees_their_own_and_operations_all(new_session: NewSession) -> None:
    finished(new_session, owner=coach("anna").account_id)
    finished(new_session, owner=coach("ben").account_id)
    refreshed()
    assert [speed(7, who).completed for who in (coach("anna"), coach("ben"), ops())] == [1, 1, 2]


def test_more_sessions_than_dots_are_counted_in_bins(new_session: NewSession) -> None:
    for number in range(statistics.SAMPLE + 4):
        finished(new_session, 10.0 + number)
    view = shown()
    assert (len(view.paces), view.cut) == (statistics.SAMPLE, True)
    assert view.typical_speed == pytest.approx(60 / 14.5, rel=0.05)


def test_an_engine_is_counted_by_its_model(new_session: NewSession) -> None:
    for model in ("base", "small", ""):
        finished(new_session)
        with transaction() as db:
            db.execute(text("UPDATE attempt SET model = :model WHERE model = ''"), {"model": model})
    refreshed()
    assert {one.engine for one in shown().engines} == {"pocketsphinx", "pocketsphinx:base", "pocketsphinx:small"}
    assert statistic_title("whisper:small") == "Whisper small"
    assert statistic_title("google:chirp_2") == "Google Speech-to-Text chirp_2"


def test_measured_and_demo_sessions_of_a_week_are_one_point_of_the_line() -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    ended = monday.timestamp()
    buckets = [
        Bucket(monday, "pocketsphinx", demo, {"completed": 1.0, "speed/8": 1.0}, [["id", ended, 100.0, took, 1.0]])
        for demo, took in ((False, 50.0), (True, 25.0))
    ]
    [point] = figures(buckets).trend
    assert point.speed == 3, "the median of both"


def test_the_view_says_when_it_lags(new_session: NewSession) -> None:
    finished(new_session)
    assert shown().late_sec == pytest.approx(0, abs=1)
    with transaction() as db:
        db.execute(
            text("INSERT INTO statistic_stale (hour, noted_at) VALUES (now(), clock_timestamp() - interval '90 s')")
        )
    assert speed(7, ops()).late_sec == pytest.approx(90, abs=10)


def test_nothing_to_do_costs_nothing_and_one_at_a_time(new_session: NewSession) -> None:
    assert refreshed() == 0
    finished(new_session)
    with transaction() as first, transaction() as second:
        assert statistics.refresh(first, 7) == 1
        assert statistics.refresh(second, 7) == 0


def test_a_heartbeat_touches_no_index() -> None:
    """Postgres calls such an update heap-only: `session_running` must not hold what a heartbeat moves."""
    with transaction() as db:
        indexed = db.scalars(
            text(
                "SELECT DISTINCT attname FROM pg_index"
                " JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)"
                " WHERE indrelid = 'session'::regclass"
            )
        )
        assert {"heartbeat_at", "updated_at", "duration_processed", "moved_at"}.isdisjoint(indexed)


def test_quantiles_of_bins() -> None:
    assert quantile({}, 0.5) is None
    assert quantile({8: 3}, 0.5) == pytest.approx(2.0)
    assert quantile({0: 1, 8: 1, 16: 1}, 0.5) == pytest.approx(2.0)
    assert quantile({0: 50, 16: 50}, 0.25) == pytest.approx(1.0)


def test_an_old_day_costs_its_own_week_and_not_all_since(
    new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(new_session)
    set_facts(finished(new_session), "finished_at = finished_at - interval '300 days'")
    weeks: list[tuple[datetime, datetime]] = []
    honest = statistics._sum

    def watched(db: Session, grain: str, finer: str, since: datetime, until: datetime) -> None:
        if grain == "week":
            weeks.append((since, until))
        honest(db, grain, finer, since, until)

    monkeypatch.setattr(statistics, "_sum", watched)
    refreshed()
    assert len(weeks) == 2
    assert {(until - since).days for since, until in weeks} == {7}
    assert {since.weekday() for since, _ in weeks} == {0}


def test_a_refresh_that_fails_is_followed_by_a_rest_too(
    new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def failing(_db: Session, _most: int) -> int:
        nonlocal calls
        calls += 1
        time.sleep(0.01)
        raise TimeoutError

    monkeypatch.setattr(statistics_kept, "_rest_until", float("-inf"))
    monkeypatch.setattr(statistics, "refresh", failing)
    with pytest.raises(TimeoutError):
        statistics_kept.refresh_statistics()
    assert statistics_kept.refresh_statistics() == 0
    assert calls == 1
