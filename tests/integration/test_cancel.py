"""Cancelling: at once while it waits, at the next sign of life while it runs, and never beside completing."""

import threading
import uuid
from collections.abc import Callable

import pytest

from jobs import retry_cancel
from jobs.retry_cancel import NotPossible, SessionNotFound
from jobs.session_view import percent_now
from store.states import FINAL, Status
from tests.instruments.claims import attempts_of, claimed, complete, history_of, record_of, set_facts, statuses
from tests.instruments.people import coach

NewSession = Callable[..., uuid.UUID]


def test_a_waiting_session_is_cancelled_at_once(new_session: NewSession) -> None:
    session_id = new_session()
    retry_cancel.cancel(session_id, actor="anna")
    assert record_of(session_id).status is Status.CANCELLED
    last = history_of(session_id)[-1]
    assert (last.message, last.detail, last.actor) == ("Cancelled", "Cancelled by anna", "anna")


def test_a_running_session_is_cancelled_and_its_worker_can_write_no_more(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    retry_cancel.cancel(session_id, actor="anna")
    assert not complete(claim)
    assert record_of(session_id).status is Status.CANCELLED
    assert attempts_of(session_id)[0].outcome == "cancelled"


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_finished_session_says_why_it_cannot_be_cancelled(state: Status, new_session: NewSession) -> None:
    session_id = new_session()
    if state is Status.COMPLETED:
        complete(claimed())
    elif state is Status.FAILED:
        retry_cancel.give_up(session_id, actor="ops")
    else:
        retry_cancel.cancel(session_id, actor="anna")
    with pytest.raises(NotPossible, match=f"waiting or running.*this one is {state}"):
        retry_cancel.cancel(session_id, actor="anna")


def test_another_coachs_session_is_not_found(new_session: NewSession) -> None:
    session_id = new_session(owner="anna")
    with pytest.raises(SessionNotFound):
        retry_cancel.cancel(session_id, person=coach("ben"))
    with pytest.raises(SessionNotFound):
        retry_cancel.cancel(uuid.uuid4(), actor="anna")
    assert record_of(session_id).status is Status.PENDING


@pytest.mark.parametrize("_", range(8))
def test_cancelling_while_it_completes_ends_in_exactly_one(_: int, new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    start = threading.Barrier(2)
    won: list[Status] = []

    def cancels() -> None:
        start.wait()
        try:
            retry_cancel.cancel(session_id, actor="anna")
            won.append(Status.CANCELLED)
        except NotPossible:
            pass

    def completes() -> None:
        start.wait()
        if complete(claim):
            won.append(Status.COMPLETED)

    racers = [threading.Thread(target=racer) for racer in (cancels, completes)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert won == [record_of(session_id).status]
    assert statuses(session_id) == [Status.PENDING, Status.PROCESSING, *won]
    assert attempts_of(session_id)[0].outcome == won[0]


def test_the_percentage_that_was_shown_is_the_one_that_is_kept(new_session: NewSession) -> None:
    session_id = new_session()
    claimed()
    set_facts(session_id, "started_at = clock_timestamp() - interval '2 minutes'")
    shown = percent_now(record_of(session_id))
    retry_cancel.cancel(session_id, actor="anna")
    assert record_of(session_id).progress >= shown > 0
