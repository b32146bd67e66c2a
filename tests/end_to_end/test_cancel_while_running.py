"""A coach cancels while the engine runs: the engine really stops, and the worker takes the next session."""

from jobs import doorbell, retry_cancel
from store.states import Status
from tests.instruments.claims import attempts_of, record_of
from tests.instruments.desk import Desk, horse_of
from tests.instruments.waiting import wait_until


def test_the_engine_stops_and_the_worker_goes_on_with_the_next(desk: Desk) -> None:
    session_id = desk.session()
    desk.hold()
    doorbell.ring()
    worker = desk.worker()
    desk.until_held(session_id)
    horse = horse_of(worker)
    retry_cancel.cancel(session_id, actor="anna")
    wait_until(lambda: desk.alive() == {worker.pid}, within_sec=10)
    assert horse not in desk.alive()
    assert record_of(session_id).status is Status.CANCELLED
    assert "no longer ours" in desk.logged()

    following = desk.session()
    desk.let_go()
    doorbell.ring()
    desk.until(following, Status.COMPLETED)
    assert worker.poll() is None
    assert record_of(session_id).status is Status.CANCELLED


def test_started_again_it_goes_on_from_what_was_finished(desk: Desk) -> None:
    session_id = desk.session()
    desk.hold()
    doorbell.ring()
    worker = desk.worker()
    desk.until_held(session_id)
    retry_cancel.cancel(session_id, actor="anna")
    wait_until(lambda: desk.alive() == {worker.pid}, within_sec=10)
    desk.let_go()
    retry_cancel.retry(session_id, actor="anna")
    desk.until(session_id, Status.COMPLETED)
    assert [attempt.outcome for attempt in attempts_of(session_id)] == ["cancelled", "completed"]
    assert attempts_of(session_id)[1].resumed_sec > 0
    assert attempts_of(session_id)[1].started_by == "anna"
