"""Whatever is killed, the session finishes, nothing is done twice that was finished, and no process is left behind."""

import os
import signal
import subprocess
import uuid

import pytest

from jobs import doorbell
from store.states import Status
from tests.instruments.claims import attempts_of, record_of
from tests.instruments.desk import AUDIO_SEC, Desk, horse_of
from tests.instruments.waiting import wait_until


def kill_horse(worker: subprocess.Popen[bytes]) -> None:
    os.kill(horse_of(worker), signal.SIGKILL)


def kill_worker(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.wait()


def kill_a_recogniser(worker: subprocess.Popen[bytes]) -> None:
    horse = horse_of(worker)
    with open(f"/proc/{horse}/task/{horse}/children") as children:
        os.kill(int(children.read().split()[0]), signal.SIGKILL)


def held_after_two_chunks(desk: Desk) -> uuid.UUID:
    session_id = desk.session()
    desk.hold()
    desk.reconciler()
    return session_id


@pytest.mark.parametrize("kill", [kill_horse, kill_worker])
def test_the_session_of_what_was_killed_goes_on_from_its_chunks(desk: Desk, kill: object) -> None:
    session_id = held_after_two_chunks(desk)
    worker = desk.worker()
    desk.until_held(session_id)
    finished = set(desk.chunks("done"))
    family = desk.alive()
    reconciler_and_worker = {process.pid for process in desk._processes}
    kill(worker)  # type: ignore[operator]  # one of the functions above
    wait_until(lambda: not (desk.alive() & family) - reconciler_and_worker)  # no orphaned horse or recogniser
    before = len(desk.chunks("begun"))
    desk.let_go()
    if worker.poll() is not None:
        desk.worker()
    desk.until(session_id, Status.COMPLETED)
    first, second = attempts_of(session_id)
    assert (first.outcome, second.outcome) == ("lost", "completed")
    assert second.resumed_sec > 0
    assert second.processed_sec == pytest.approx(AUDIO_SEC, abs=0.1)
    assert not finished & set(desk.chunks("begun")[before:])
    assert record_of(session_id).failures == 0


def test_the_worker_itself_hands_over_the_session_of_its_killed_work_horse(desk: Desk) -> None:
    """No reconciler runs and no lease is waited for: the worker has seen the work-horse die."""
    session_id = desk.session()
    desk.hold()
    worker = desk.worker()
    doorbell.ring()
    desk.until_held(session_id)
    kill_horse(worker)
    desk.until(session_id, Status.PENDING)
    assert [(attempt.outcome, attempt.error_code) for attempt in attempts_of(session_id)] == [("lost", "worker-lost")]
    assert worker.poll() is None


def test_a_recogniser_that_is_killed_is_an_error_worth_another_try(desk: Desk) -> None:
    session_id = held_after_two_chunks(desk)
    worker = desk.worker()
    desk.until_held(session_id)
    kill_a_recogniser(worker)
    desk.let_go()
    desk.until(session_id, Status.COMPLETED)
    first, second = attempts_of(session_id)
    assert (first.outcome, first.error_code) == ("retried", "recogniser-killed")
    assert second.resumed_sec > 0
    assert worker.poll() is None


def test_a_worker_that_was_frozen_beyond_its_lease_stops_when_it_comes_back(desk: Desk) -> None:
    session_id = held_after_two_chunks(desk)
    frozen = horse_of_busy(desk, session_id)
    os.killpg(frozen, signal.SIGSTOP)
    wait_until(lambda: record_of(session_id).claim_no == 1 and record_of(session_id).status is Status.PENDING)
    desk.let_go()
    desk.worker()
    desk.until(session_id, Status.COMPLETED)
    os.killpg(frozen, signal.SIGCONT)
    wait_until(lambda: frozen not in desk.alive())
    assert [attempt.outcome for attempt in attempts_of(session_id)] == ["lost", "completed"]
    assert record_of(session_id).claim_no == 2


def horse_of_busy(desk: Desk, session_id: uuid.UUID) -> int:
    worker = desk.worker()
    desk.until_held(session_id)
    return horse_of(worker)
