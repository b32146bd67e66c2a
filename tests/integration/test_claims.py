"""Whose turn it is: one session for one worker, by priority and in fairness, in the order that the screen shows."""

import random
import threading
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from jobs.claim import Claim, claim_next
from jobs.queue_position import claim_order
from store.claims import next_turn
from store.database import transaction
from store.queue_queries import queue_facts
from store.states import Status
from tests.instruments.claims import attempts_of, claimed, complete, record_of, set_facts

NewSession = Callable[..., uuid.UUID]


def claim_all() -> list[uuid.UUID]:
    order: list[uuid.UUID] = []
    while claim := claim_next(worker="host-1", job_id="job"):
        order.append(claim.session_id)
    return order


def test_an_empty_queue_gives_nothing() -> None:
    assert claim_next(worker="host-1", job_id="job") is None


def test_a_claim_says_who_holds_what_and_what_is_expected(new_session: NewSession) -> None:
    session_id = new_session(owner="anna", duration_total=60.0)
    claim = claim_next(worker="host-7", job_id="job-42")
    assert claim is not None
    assert (claim.session_id, claim.claim_no, claim.expected_sec, claim.resumed_sec) == (session_id, 1, 240.0, 0.0)
    record = record_of(session_id)
    assert (record.status, record.worker, record.transcription_job_id) == (Status.PROCESSING, "host-7", "job-42")
    assert (record.attempt, record.expected_sec, record.expected_from) == (1, 240.0, "default")
    [attempt] = attempts_of(session_id)
    assert (attempt.number, attempt.started_by, attempt.job_id, attempt.outcome) == (1, "anna", "job-42", None)
    assert attempt.queued_at <= attempt.started_at


def test_finished_sessions_of_the_engine_teach_the_expectation(new_session: NewSession) -> None:
    taught = new_session()
    complete(claimed())
    set_facts(taught, "duration_total = 600")
    with transaction() as db:
        db.execute(text("UPDATE attempt SET started_at = finished_at - interval '150 s'"))
    other, same = new_session(engine="other", duration_total=100.0), new_session(duration_total=100.0)
    claims = {claim.session_id: claim for claim in (claimed(), claimed())}
    assert claims[other].expected_sec == 400
    assert claims[same].expected_sec == pytest.approx(25)


def test_of_many_workers_each_gets_another_session(new_session: NewSession) -> None:
    sessions = {new_session() for _ in range(6)}
    claims: list[Claim | None] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        claims.append(claim_next(worker=threading.current_thread().name, job_id="job"))

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    won = [claim.session_id for claim in claims if claim is not None]
    assert sorted(won) == sorted(sessions)
    assert claims.count(None) == 2


def test_a_session_that_a_cancellation_holds_is_passed_over(new_session: NewSession) -> None:
    """SKIP LOCKED: the claim goes to the next one instead of waiting for somebody's transaction."""
    first, second = new_session(), new_session()
    with transaction() as db:
        db.execute(text("SELECT 1 FROM session WHERE id = :id FOR UPDATE"), {"id": first})
        assert claimed().session_id == second


def test_a_worker_that_freezes_in_the_middle_of_its_claim_lets_the_others_in(
    new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = new_session()
    monkeypatch.setattr("store.claims.FROZEN_MS", 200)

    def freeze() -> uuid.UUID:
        with transaction() as db:
            assert next_turn(db) is not None
            return claimed("host-2").session_id  # another worker, while this one holds the lock

    with pytest.raises(OperationalError, match=r"terminat|closed"):
        freeze()
    record = record_of(session_id)
    assert (record.worker, record.claim_no) == ("host-2", 1)


def test_a_session_that_waits_to_try_again_is_not_due(new_session: NewSession) -> None:
    session_id = new_session()
    set_facts(session_id, "next_run_at = clock_timestamp() + interval '1 hour'")
    assert claim_next(worker="host-1", job_id="job") is None
    set_facts(session_id, "next_run_at = clock_timestamp() - interval '1 s'")
    assert claimed().session_id == session_id
    assert record_of(session_id).next_run_at is None


def test_higher_priority_first_then_the_oldest(new_session: NewSession) -> None:
    low, normal, high, later = (new_session(priority=word) for word in ("low", "normal", "high", "normal"))
    assert claim_all() == [high, normal, later, low]


def test_coaches_take_turns_however_many_one_has_uploaded(new_session: NewSession) -> None:
    anna = [new_session(owner="anna") for _ in range(3)]
    ben = [new_session(owner="ben") for _ in range(2)]
    assert claim_all() == [anna[0], ben[0], anna[1], ben[1], anna[2]]


def test_one_worker_alone_serves_the_second_coach_second(new_session: NewSession) -> None:
    """Nothing is running when a single worker asks again, so only `least recently served` makes it fair."""
    anna = [new_session(owner="anna") for _ in range(2)]
    ben = new_session(owner="ben")
    order = []
    for _ in range(3):
        claim = claimed()
        complete(claim)
        order.append(claim.session_id)
    assert order == [anna[0], ben, anna[1]]


@pytest.mark.parametrize("seed", range(6))
def test_the_position_shown_is_the_order_of_the_claims(seed: int, new_session: NewSession) -> None:
    """jobs/queue_position.py says in Python what the claim says in SQL; whatever has happened before, they agree."""
    dice = random.Random(seed)
    owners = ["anna", "ben", "clara", "dora"]

    def upload() -> None:
        session_id = new_session(owner=dice.choice(owners), priority=dice.choice(["low", "normal", "normal", "high"]))
        if dice.random() < 0.3:  # some were uploaded in the same instant
            set_facts(session_id, "queued_at = date_trunc('minute', queued_at)")

    for _ in range(10):
        upload()
    for _ in range(5):  # a past: some are running, some were served
        claim = claimed()
        if dice.random() < 0.5:
            complete(claim)
    for _ in range(5):
        upload()
    with transaction() as db:
        facts = queue_facts(db)
    shown = claim_order(facts.waiting, facts.running, facts.last_served)
    assert len(shown) == 10
    assert claim_all() == shown
