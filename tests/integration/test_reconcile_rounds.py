"""A reconciler's round goes on: a locked session costs itself, a step that fails costs itself."""

import logging
import threading
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from jobs import reconcile
from store.database import engine, transaction
from store.states import Status
from tests.instruments.claims import attempts_of, claimed, finish_chunk, record_of, set_facts, worker_dies

NewSession = Callable[..., uuid.UUID]
SettingsOf = Callable[..., None]


def test_a_session_that_a_frozen_worker_has_locked_does_not_keep_the_others_waiting(
    new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.database.STATEMENT_TIMEOUT_MS", 300)
    engine().dispose()
    engine.cache_clear()
    sessions = [new_session() for _ in range(2)]
    for session_id in sessions:
        claimed()
        worker_dies(session_id)
    newest_first = sessions[::-1]
    with transaction() as frozen:
        frozen.execute(text("SELECT 1 FROM session WHERE id = :id FOR UPDATE"), {"id": newest_first[0]})
        assert reconcile.take_over_lost() == 1
    engine.cache_clear()
    assert [record_of(session_id).status for session_id in newest_first] == [Status.PROCESSING, Status.PENDING]


def test_an_attempt_that_hangs_far_beyond_its_time_is_taken_from_its_worker(
    new_session: NewSession, settings_of: SettingsOf
) -> None:
    """Its heartbeat still comes, so it is neither lost nor stalled."""
    settings_of(deadline_factor=10)
    session_id = new_session(duration_total=60.0)
    claim = claimed()
    set_facts(session_id, "started_at = started_at - interval '1190 s'")  # 10 minutes and 10 times 60 s are 1200 s
    assert reconcile.enforce_deadlines() == 0
    set_facts(session_id, "started_at = started_at - interval '20 s'")
    assert reconcile.enforce_deadlines() == 1
    record = record_of(session_id)
    assert (record.status, record.error_code, record.failures) == (Status.PENDING, "deadline-exceeded", 1)
    assert attempts_of(session_id)[0].outcome == "retried"
    assert not finish_chunk(claim)


def test_two_reconcilers_at_once_do_each_repair_once(new_session: NewSession) -> None:
    sessions = [new_session() for _ in range(6)]
    for session_id in sessions:
        claimed()
        worker_dies(session_id)
    taken: list[int] = []
    start = threading.Barrier(2)

    def round_of_one() -> None:
        start.wait()
        taken.append(reconcile.take_over_lost())

    both = [threading.Thread(target=round_of_one) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sum(taken) == 6
    assert all([attempt.outcome for attempt in attempts_of(session_id)] == ["lost"] for session_id in sessions)


@pytest.mark.parametrize(
    "failure",
    [OSError(), ValueError("a strange file"), LookupError("gs://elsewhere"), OperationalError("x", {}, Exception())],
)
def test_a_step_that_fails_is_logged_and_the_round_goes_on(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def sweep() -> int:
        raise failure

    with caplog.at_level(logging.WARNING):
        reconcile._guarded(sweep)
    assert "sweep" in caplog.text


def test_with_postgres_away_a_step_does_not_try_session_after_session(
    new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would wait for its connection; the next round comes soon enough."""
    for session_id in [new_session() for _ in range(3)]:
        claimed()
        worker_dies(session_id)
    tried = []

    def away(record: object, **_: object) -> bool:
        tried.append(record)
        raise OperationalError("connect", {}, Exception("refused"))

    monkeypatch.setattr(reconcile, "settle_lost", away)
    with pytest.raises(OperationalError):
        reconcile.take_over_lost()
    assert len(tried) == 1
