"""Stalled, overdue and unheard are derived from facts and the clock, each with its evidence."""

import pytest

from jobs.stalled import Health, health, nobody_comes
from store.session_queries import SessionRecord
from store.states import Status
from tests.instruments.records import ago, ended, running, waiting


@pytest.mark.parametrize("heartbeat_age_sec", [0, 5, 29, 30])
def test_within_the_lease_a_running_session_is_well(heartbeat_age_sec: float) -> None:
    assert health(running(heartbeat_at=ago(heartbeat_age_sec))) == Health(stalled=False, overdue=False)


def test_without_a_heartbeat_for_a_lease_it_is_stalled() -> None:
    found = health(running(heartbeat_at=ago(31)))
    assert (found.stalled, found.overdue) == (True, False)
    assert found.evidence == "No heartbeat for 31 s from host-1."
    assert "Retry" in found.advice


@pytest.mark.parametrize(
    ("elapsed_sec", "overdue"),
    [(1990, False), (2030, False), (2031, True)],  # 2 * 1000 s expected, and a lease of 30 s
)
def test_after_twice_the_expected_time_and_a_lease_it_is_overdue(elapsed_sec: float, overdue: bool) -> None:
    found = health(running(elapsed_sec=elapsed_sec, expected_sec=1000.0))
    assert (found.stalled, found.overdue) == (False, overdue)


@pytest.mark.parametrize("record", [waiting(), ended(Status.COMPLETED), ended(Status.FAILED), ended(Status.CANCELLED)])
def test_only_a_running_session_can_be_stalled(record: SessionRecord) -> None:
    assert health(record) == Health(stalled=False, overdue=False)


def comes(record: SessionRecord, *, alive: int = 3, busy: int = 0, reachable: bool = True) -> Health:
    return nobody_comes(record, workers_alive=alive, workers_busy=busy, queue_reachable=reachable)


def test_a_session_that_has_just_come_is_not_unheard() -> None:
    assert not comes(waiting(queued_at=ago(39)), alive=0, reachable=False).stalled


def test_a_waiting_session_behind_busy_workers_is_well() -> None:
    assert not comes(waiting(queued_at=ago(3600)), alive=3, busy=3).stalled


@pytest.mark.parametrize(
    ("alive", "busy", "reachable", "evidence"),
    [(3, 0, False, "Redis"), (0, 0, True, "No worker"), (3, 2, True, "1 of 3 workers are free")],
)
def test_a_waiting_session_that_nothing_will_pick_up(alive: int, busy: int, reachable: bool, evidence: str) -> None:
    found = comes(waiting(queued_at=ago(41)), alive=alive, busy=busy, reachable=reachable)
    assert found.stalled
    assert evidence in found.evidence
    assert found.advice


def test_a_session_that_waits_to_try_again_is_unheard_only_after_its_time() -> None:
    assert not comes(waiting(queued_at=ago(3600), next_run_at=ago(-5)), alive=0).stalled
    assert not comes(waiting(queued_at=ago(3600), next_run_at=ago(10)), alive=0).stalled
    assert comes(waiting(queued_at=ago(3600), next_run_at=ago(41)), alive=0).stalled


def test_a_running_session_is_none_of_the_unheard() -> None:
    assert not comes(running(), alive=0, reachable=False).stalled
