"""A worker that is not heard of for a lease loses its session; a recording that keeps killing workers is stopped."""

import uuid
from collections.abc import Callable

from jobs.errors import RecognitionFailed
from jobs.outcome import FRUITLESS_DEATHS, settle_error, settle_lost
from jobs.reconcile import take_over_lost
from store.states import Status
from tests.instruments.claims import attempts_of, claimed, finish_chunk, history_of, record_of, set_facts, worker_dies

NewSession = Callable[..., uuid.UUID]


def dies_again(session_id: uuid.UUID, *, after_a_chunk: bool = False) -> None:
    set_facts(session_id, "next_run_at = NULL")
    claim = claimed()
    if after_a_chunk:
        start = claim.resumed_sec
        finish_chunk(claim, start, start + 5)
    worker_dies(session_id)
    assert take_over_lost() == 1


def test_a_worker_within_its_lease_keeps_its_session(new_session: NewSession) -> None:
    session_id = new_session()
    claimed()
    assert take_over_lost() == 0
    assert record_of(session_id).status is Status.PROCESSING


def test_the_session_of_a_dead_worker_is_due_at_once_and_no_try_is_used_up(new_session: NewSession) -> None:
    session_id = new_session()
    dies_again(session_id)
    record = record_of(session_id)
    assert (record.status, record.failures) == (Status.PENDING, 0)
    assert claimed("host-2").session_id == session_id
    assert attempts_of(session_id)[0].outcome == "lost"
    lost = history_of(session_id)[-2]
    assert (lost.status, lost.actor) == (Status.PENDING, "reconciler")
    assert "another one goes on from what is done" in lost.message


def test_of_two_reconcilers_one_takes_it_over(new_session: NewSession) -> None:
    session_id = new_session()
    claimed()
    worker_dies(session_id)
    record = record_of(session_id)
    assert settle_lost(record, actor="reconciler")
    assert not settle_lost(record, actor="reconciler")
    assert len(history_of(session_id)) == 3


def test_a_worker_that_was_only_slow_keeps_its_session(new_session: NewSession) -> None:
    """Its heartbeat came after the reconciler had looked."""
    session_id = new_session()
    claimed()
    worker_dies(session_id)
    seen = record_of(session_id)
    set_facts(session_id, "heartbeat_at = clock_timestamp()")
    assert not settle_lost(seen, actor="reconciler")
    assert record_of(session_id).status is Status.PROCESSING


def test_three_deaths_in_a_row_without_a_chunk_stop_the_recording(new_session: NewSession) -> None:
    session_id = new_session()
    for _ in range(FRUITLESS_DEATHS):
        assert record_of(session_id).status is Status.PENDING
        dies_again(session_id)
    record = record_of(session_id)
    assert (record.status, record.error_code, record.error_kind) == (Status.FAILED, "poison-session", "poison")
    assert record.message == "Processing failed. Please upload another file."


def test_the_second_fruitless_death_waits_before_it_takes_down_the_next_worker(new_session: NewSession) -> None:
    session_id = new_session()
    dies_again(session_id)
    dies_again(session_id)
    record = record_of(session_id)
    assert record.next_run_at is not None
    assert record.next_run_at > record.now


def test_deaths_with_progress_cost_nothing(new_session: NewSession) -> None:
    session_id = new_session(duration_total=100.0)
    for _ in range(FRUITLESS_DEATHS + 2):
        dies_again(session_id, after_a_chunk=True)
        record = record_of(session_id)
        assert (record.status, record.fruitless_deaths) == (Status.PENDING, 0)


def test_a_chunk_between_two_deaths_ends_the_row(new_session: NewSession) -> None:
    """Also when the attempt that finished it ended with an error instead of a death."""
    session_id = new_session(duration_total=100.0)
    dies_again(session_id)
    dies_again(session_id)
    set_facts(session_id, "next_run_at = NULL")
    claim = claimed()
    finish_chunk(claim)
    settle_error(session_id, claim.claim_no, RecognitionFailed(), actor="host-1")
    dies_again(session_id)
    assert (record_of(session_id).status, record_of(session_id).fruitless_deaths) == (Status.PENDING, 1)
