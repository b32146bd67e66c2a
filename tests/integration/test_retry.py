"""Trying again by hand, giving up, and ops' requeue: transitions that say who asked for them."""

import uuid
from collections.abc import Callable

import pytest

from jobs import doorbell, retry_cancel
from jobs.errors import DecodingFailed
from jobs.outcome import settle_error
from jobs.retry_cancel import NotPossible
from store.states import Status
from tests.instruments.claims import attempts_of, claimed, complete, finish_chunk, history_of, record_of, set_facts

NewSession = Callable[..., uuid.UUID]


def failed(new_session: NewSession) -> uuid.UUID:
    session_id = new_session(owner="anna")
    claim = claimed()
    finish_chunk(claim)
    settle_error(session_id, claim.claim_no, DecodingFailed(), actor="host-1")
    return session_id


def doorbells() -> int:
    with doorbell.connection() as redis:
        return doorbell.queue(redis).count


def test_a_failed_session_waits_its_turn_again_and_keeps_what_is_finished(new_session: NewSession) -> None:
    session_id = failed(new_session)
    set_facts(session_id, "failures = 4, fruitless_deaths = 2, queued_at = queued_at - interval '1 day'")
    before = record_of(session_id)
    retry_cancel.retry(session_id, actor="anna")
    record = record_of(session_id)
    assert (record.status, record.failures, record.fruitless_deaths) == (Status.PENDING, 0, 0)
    assert (record.error_code, record.error_text) == (None, None)
    assert record.queued_at > before.queued_at
    assert record.duration_processed == 20
    assert doorbells() == 1


def test_the_history_says_who_asked_for_it(new_session: NewSession) -> None:
    session_id = failed(new_session)
    retry_cancel.retry(session_id, actor="dora-from-ops")
    last = history_of(session_id)[-1]
    assert (last.status, last.actor, last.detail) == (
        Status.PENDING,
        "dora-from-ops",
        "Retry requested by dora-from-ops",
    )
    claimed()
    assert attempts_of(session_id)[-1].started_by == "dora-from-ops"


def test_a_cancelled_session_can_be_tried_again(new_session: NewSession) -> None:
    session_id = new_session()
    retry_cancel.cancel(session_id, actor="anna")
    retry_cancel.retry(session_id, actor="anna")
    assert claimed().session_id == session_id


def test_a_waiting_running_or_completed_session_says_why_it_cannot_be_tried_again(new_session: NewSession) -> None:
    session_id = new_session()
    with pytest.raises(NotPossible, match=r"failed or cancelled.*waiting"):
        retry_cancel.retry(session_id, actor="anna")
    claim = claimed()
    with pytest.raises(NotPossible, match="processing"):
        retry_cancel.retry(session_id, actor="anna")
    complete(claim)
    with pytest.raises(NotPossible, match="completed"):
        retry_cancel.retry(session_id, actor="anna")
    assert len(history_of(session_id)) == 3


def test_asked_twice_it_is_queued_once(new_session: NewSession) -> None:
    session_id = failed(new_session)
    retry_cancel.retry(session_id, actor="anna")
    with pytest.raises(NotPossible):
        retry_cancel.retry(session_id, actor="anna")
    assert [row.status for row in history_of(session_id)].count(Status.PENDING) == 2


def test_operations_take_a_running_session_from_a_worker_that_does_not_move(new_session: NewSession) -> None:
    session_id = new_session()
    stuck = claimed("host-stuck")
    retry_cancel.requeue(session_id, actor="ops")
    assert claimed("host-2").session_id == session_id
    assert not complete(stuck)
    assert attempts_of(session_id)[0].outcome == "lost"


def test_operations_ring_again_for_a_session_that_waits_unheard(new_session: NewSession) -> None:
    session_id = new_session()
    retry_cancel.requeue(session_id, actor="ops")
    assert doorbells() == 1
    assert len(history_of(session_id)) == 1
    retry_cancel.cancel(session_id, actor="anna")
    with pytest.raises(NotPossible):
        retry_cancel.requeue(session_id, actor="ops")


@pytest.mark.parametrize("running", [False, True])
def test_operations_give_up_a_session_that_does_not_move(running: bool, new_session: NewSession) -> None:
    session_id = new_session()
    if running:
        claimed()
    retry_cancel.give_up(session_id, actor="ops")
    record = record_of(session_id)
    assert (record.status, record.error_code) == (Status.FAILED, "given-up")
    assert record.message == "Processing failed. Please try again."
