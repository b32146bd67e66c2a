"""One function changes a status: compare-and-set, fenced by the claim, with an unbroken history."""

import uuid
from collections.abc import Callable
from itertools import product

import pytest

from store.database import transaction
from store.schema import CoachingSession
from store.states import LEGAL, Status
from store.transitions import IllegalTransition, enter_stage, record_progress, transition
from tests.instruments.claims import claimed, complete, history_of, record_of, statuses

NewSession = Callable[..., uuid.UUID]


def cancelled(session_id: uuid.UUID, **conditions: object) -> bool:
    with transaction() as db:
        return transition(
            db,
            session_id,
            before={Status.PENDING, Status.PROCESSING},
            after=Status.CANCELLED,
            message="Cancelled",
            actor="anna",
            **conditions,  # type: ignore[arg-type]  # the test's own
        )


def test_it_happens_once_and_the_second_is_told(new_session: NewSession) -> None:
    session_id = new_session()
    assert cancelled(session_id)
    assert not cancelled(session_id)
    assert statuses(session_id) == [Status.PENDING, Status.CANCELLED]


def test_a_final_state_has_its_time_and_leaving_it_takes_it_away(new_session: NewSession) -> None:
    session_id = new_session()
    cancelled(session_id)
    assert record_of(session_id).finished_at is not None
    with transaction() as db:
        assert transition(
            db, session_id, before={Status.CANCELLED}, after=Status.PENDING, message="Waiting in queue", actor="anna"
        )
    assert record_of(session_id).finished_at is None


@pytest.mark.parametrize(("before", "after"), sorted(set(product(Status, Status)) - LEGAL))
def test_what_the_table_does_not_allow_is_a_bug_of_the_caller(
    before: Status, after: Status, new_session: NewSession
) -> None:
    session_id = new_session()
    with pytest.raises(IllegalTransition), transaction() as db:
        transition(db, session_id, before={before}, after=after, message="x", actor="test")
    assert statuses(session_id) == [Status.PENDING]


def test_another_claim_cannot_write(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    assert not cancelled(session_id, claim_no=claim.claim_no - 1)
    assert not cancelled(session_id, claim_no=claim.claim_no + 1)
    assert cancelled(session_id, claim_no=claim.claim_no)


def test_a_further_condition_must_hold(new_session: NewSession) -> None:
    session_id = new_session(owner="anna")
    assert not cancelled(session_id, where=CoachingSession.owner == "ben")
    assert record_of(session_id).status is Status.PENDING


def test_the_history_names_each_step_and_who_did_it(new_session: NewSession) -> None:
    session_id = new_session(owner="anna")
    claim = claimed(worker="host-7")
    complete(claim)
    told = [(row.status, row.progress, row.message, row.actor, row.attempt) for row in history_of(session_id)]
    assert told == [
        (Status.PENDING, 0, "Waiting in queue", "anna", 0),
        (Status.PROCESSING, 0, "Preparing audio", "host-7", 1),
        (Status.COMPLETED, 100, "Transcription complete!", "host-7", 1),
    ]


def test_a_stage_has_a_row_of_its_own_and_only_the_last_row_moves(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    with transaction() as db:
        assert enter_stage(db, session_id, claim.claim_no, message="Processing audio...", actor="host-1")
        assert record_progress(db, session_id, claim.claim_no, processed_sec=30, progress=40)
    assert [(row.message, row.progress) for row in history_of(session_id)] == [
        ("Waiting in queue", 0),
        ("Preparing audio", 0),
        ("Processing audio...", 40),
    ]
    assert record_of(session_id).duration_processed == 30


def test_a_late_heartbeat_moves_nothing_backwards(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    with transaction() as db:
        record_progress(db, session_id, claim.claim_no, processed_sec=30, progress=40)
        record_progress(db, session_id, claim.claim_no, processed_sec=20, progress=35)
    assert (record_of(session_id).progress, record_of(session_id).duration_processed) == (40, 30)


def test_what_is_begun_is_stored_where_it_is_told(new_session: NewSession) -> None:
    session_id, claim = new_session(), claimed()
    for begun_sec, stored in ((25.0, 25.0), (None, 25.0), (20.0, 20.0)):
        with transaction() as db:
            record_progress(db, session_id, claim.claim_no, processed_sec=0, progress=1, begun_sec=begun_sec)
        assert record_of(session_id).duration_begun == stored


def test_no_heartbeat_says_a_hundred(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    with transaction() as db:
        record_progress(db, session_id, claim.claim_no, processed_sec=60, progress=100)
    assert record_of(session_id).progress == 99


def test_a_heartbeat_and_a_stage_of_a_lost_claim_write_nothing(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    cancelled(session_id)
    with transaction() as db:
        assert not record_progress(db, session_id, claim.claim_no, processed_sec=30, progress=40)
        assert not enter_stage(db, session_id, claim.claim_no, message="x", actor="host-1")
    assert statuses(session_id) == [Status.PENDING, Status.PROCESSING, Status.CANCELLED]
    assert record_of(session_id).duration_processed == 0


def test_what_fails_halfway_leaves_neither_status_nor_history(new_session: NewSession) -> None:
    session_id = new_session()

    def stop_halfway() -> None:
        with transaction() as db:
            transition(db, session_id, before={Status.PENDING}, after=Status.CANCELLED, message="x", actor="anna")
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        stop_halfway()
    assert statuses(session_id) == [Status.PENDING]
    assert record_of(session_id).status is Status.PENDING
