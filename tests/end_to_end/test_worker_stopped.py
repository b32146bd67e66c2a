"""A worker that is asked to end hands its session back at once, whatever it was doing."""

import signal

from jobs import doorbell
from store.states import Status
from tests.instruments.claims import attempts_of, history_of, record_of
from tests.instruments.desk import Desk
from tests.instruments.waiting import wait_until


def test_sigterm_hands_the_session_back_at_once(desk: Desk) -> None:
    """No reconciler runs and the lease is long, so only the worker itself can have done it."""
    session_id = desk.session()
    desk.hold()
    doorbell.ring()
    worker = desk.start("tests.instruments.metronome_worker", STT_ENGINE="metronome", LEASE_SEC="600")
    desk.until_held(session_id)
    worker.send_signal(signal.SIGTERM)
    worker.wait(timeout=20)
    record = record_of(session_id)
    assert (record.status, record.failures, record.fruitless_deaths) == (Status.PENDING, 0, 0)
    assert attempts_of(session_id)[0].outcome == "lost"
    assert "another one goes on from what is done" in history_of(session_id)[-1].message
    wait_until(lambda: not desk.alive())

    desk.let_go()
    desk.reconciler()
    desk.worker()
    desk.until(session_id, Status.COMPLETED)
    assert attempts_of(session_id)[1].resumed_sec > 0


def test_an_idle_worker_and_a_reconciler_end_when_asked(desk: Desk) -> None:
    processes = [desk.worker(), desk.reconciler()]
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        assert process.wait(timeout=20) == 0
    assert not desk.alive()
