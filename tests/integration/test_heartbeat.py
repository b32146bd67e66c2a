"""The heartbeat tells Postgres the facts, learns that a claim is lost, and bears Postgres' absence."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from jobs import retry_cancel
from jobs.claim import Claim
from jobs.heartbeat import ClaimLost, Heartbeat, WorkerStopping
from jobs.watchdog import Watchdog
from store.database import transaction
from tests.instruments.claims import claimed, record_of
from tests.instruments.waiting import wait_until

NewSession = Callable[..., uuid.UUID]
SettingsOf = Callable[..., None]


class Dog(Watchdog):
    """Remembers what it was told, and never bites."""

    def __init__(self) -> None:
        super().__init__(60, kill=lambda: None)
        self.meals: list[float] = []
        self.limits: list[float] = []

    def feed(self, since: float) -> None:
        self.meals.append(since)

    def at_most(self, seconds: float) -> None:
        self.limits.append(seconds)


@pytest.fixture
def claim(new_session: NewSession) -> Claim:
    new_session(duration_total=60.0)
    return claimed()


@pytest.fixture
def dog() -> Dog:
    return Dog()


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


@pytest.fixture
def heartbeat(claim: Claim, dog: Dog, stopping: threading.Event, settings_of: SettingsOf) -> Iterator[Heartbeat]:
    settings_of(heartbeat_sec=0.1)
    with Heartbeat(claim, dog, stopping) as running:
        yield running


@contextmanager
def refused() -> Iterator[Session]:
    """A transaction while Postgres is away."""
    raise OperationalError("connect", {}, Exception("connection refused"))
    yield


def lost(heartbeat: Heartbeat) -> bool:
    try:
        heartbeat.check()
    except ClaimLost:
        return True
    return False


def test_facts_reach_postgres_and_feed_the_watchdog(heartbeat: Heartbeat, claim: Claim, dog: Dog) -> None:
    heartbeat.processed_sec = 30.0
    wait_until(lambda: record_of(claim.session_id).duration_processed == 30)
    wait_until(lambda: record_of(claim.session_id).progress >= 35)
    assert dog.meals
    assert dog.meals == sorted(dog.meals)


def test_a_meal_is_dated_from_before_the_write(heartbeat: Heartbeat, dog: Dog) -> None:
    wait_until(lambda: dog.meals)
    assert dog.meals[0] <= time.monotonic()


def test_it_beats_also_when_nothing_moves(heartbeat: Heartbeat, claim: Claim) -> None:
    first = wait_until(lambda: record_of(claim.session_id).heartbeat_at)
    wait_until(lambda: (record_of(claim.session_id).heartbeat_at or first) > first)


def test_a_cancelled_session_is_noticed_and_what_does_not_stop_is_killed(
    heartbeat: Heartbeat, claim: Claim, dog: Dog
) -> None:
    retry_cancel.cancel(claim.session_id, actor="anna")
    wait_until(lambda: lost(heartbeat))
    assert dog.limits == [5.0]


def test_a_session_that_another_worker_has_is_noticed(heartbeat: Heartbeat, claim: Claim) -> None:
    with transaction() as db:
        db.execute(text("UPDATE session SET claim_no = claim_no + 1"))
    wait_until(lambda: lost(heartbeat))


def test_a_worker_that_is_asked_to_end_stops_at_the_next_check(heartbeat: Heartbeat, stopping: threading.Event) -> None:
    heartbeat.check()
    stopping.set()
    with pytest.raises(WorkerStopping):
        heartbeat.check()


def test_the_decoded_length_decides_the_percentage(heartbeat: Heartbeat, claim: Claim) -> None:
    """The header said 60 s, and decoding found 600."""
    heartbeat.total_sec = 600.0
    heartbeat.processed_sec = 50.0
    wait_until(lambda: record_of(claim.session_id).duration_processed == 50)
    assert record_of(claim.session_id).progress < 15


def test_while_postgres_is_away_it_tries_on_without_flooding_the_log(
    claim: Claim,
    dog: Dog,
    stopping: threading.Event,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A closed port refuses at once: a second lies between two tries, not a millisecond."""
    with monkeypatch.context() as away:
        away.setattr("jobs.heartbeat.transaction", refused)
        with caplog.at_level(logging.WARNING), Heartbeat(claim, dog, stopping) as heartbeat:
            wait_until(lambda: len(caplog.records) >= 2, every_sec=0.01)
            heartbeat.check()
    assert dog.meals == []
    first, second = [record.created for record in caplog.records[:2]]
    assert second - first > 0.5
