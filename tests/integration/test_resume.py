"""Finished chunks are kept: a later attempt goes on after them, and nothing is done twice that need not be."""

import uuid
from collections.abc import Callable

from sqlalchemy import select

from jobs import messages
from jobs.claim import Claim
from jobs.errors import RecognitionFailed
from jobs.outcome import settle_error
from store import checkpoints, outcomes
from store.database import transaction
from store.schema import CoachingSession
from store.transcript_queries import Line, lines_so_far, segments_so_far
from tests.instruments.claims import attempts_of, claimed, finish_chunk, record_of, set_facts

NewSession = Callable[..., uuid.UUID]
CHUNKS = [(0.0, 20.0), (20.0, 40.0), (40.0, 60.0)]


def resume(claim: Claim, boundaries: list[tuple[float, float]] = CHUNKS, model: str = "") -> set[float] | None:
    with transaction() as db:
        return checkpoints.resume(
            db,
            claim.session_id,
            claim.claim_no,
            engine=claim.engine,
            boundaries=boundaries,
            duration_total=60.5,
            model=model,
        )


def interrupted(new_session: NewSession) -> uuid.UUID:
    """A session whose first attempt finished the first and the last chunk and then stopped."""
    session_id = new_session(duration_total=60.0)
    claim = claimed()
    finish_chunk(claim, 40.0, 60.0)
    finish_chunk(claim, 0.0, 20.0)
    settle_error(session_id, claim.claim_no, RecognitionFailed(), actor="host-1")
    set_facts(session_id, "next_run_at = NULL")
    return session_id


def test_the_next_attempt_starts_from_what_is_finished(new_session: NewSession) -> None:
    session_id = interrupted(new_session)
    assert record_of(session_id).duration_processed == 40
    claim = claimed()
    assert claim.resumed_sec == 40
    assert record_of(session_id).progress == 66  # 40 of 60 s count as done in both parts of the formula
    assert resume(claim) == {0.0, 40.0}
    assert attempts_of(session_id)[1].resumed_sec == 40


def test_the_decoded_length_becomes_the_sessions(new_session: NewSession) -> None:
    session_id = new_session(duration_total=3600.0)
    assert resume(claimed()) == set()
    assert record_of(session_id).duration_total == 60.5


def test_chunks_of_other_boundaries_are_removed(new_session: NewSession) -> None:
    """A version that cuts otherwise must neither lose words nor have them twice."""
    session_id = interrupted(new_session)
    claim = claimed()
    assert resume(claim, [(0.0, 20.0), (20.0, 35.0), (35.0, 60.0)]) == {0.0}
    assert record_of(session_id).duration_processed == 20
    with transaction() as db:
        assert [segment["start_sec"] for segment in segments_so_far(db, session_id)] == [0.0]
        resumed = select(CoachingSession.duration_resumed).where(CoachingSession.id == session_id)
        assert db.scalars(resumed).one() == 20  # its speed counts what this attempt did


def test_chunks_of_another_model_are_removed(new_session: NewSession) -> None:
    """Half a transcript by one model and half by another would be no draft by either."""
    session_id = interrupted(new_session)
    claim = claimed()
    assert finish_chunk(claim, 20.0, 40.0, model="base")
    assert resume(claim, model="base") == {20.0}
    assert record_of(session_id).duration_processed == 20
    assert finish_chunk(claim, 0.0, 20.0, model="base")  # in the place of the other's
    with transaction() as db:
        assert [segment["start_sec"] for segment in segments_so_far(db, session_id)] == [0.0, 20.0]
    assert resume(claim, model="base") == {0.0, 20.0}


def test_what_is_begun_starts_from_what_is_finished(new_session: NewSession) -> None:
    session_id = interrupted(new_session)
    set_facts(session_id, "duration_begun = 60")
    claim = claimed()
    assert record_of(session_id).duration_begun == 40
    set_facts(session_id, "duration_begun = 60")
    resume(claim, [(0.0, 20.0), (20.0, 60.0)])
    assert record_of(session_id).duration_begun == 20


def test_a_lost_claim_resumes_and_finishes_nothing(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    with transaction() as db:
        outcomes.cancel(db, session_id, message=messages.CANCELLED, actor="anna")
    assert resume(claim) is None
    assert not finish_chunk(claim)
    with transaction() as db:
        assert segments_so_far(db, session_id) == []


def test_the_same_chunk_twice_is_stored_once(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    assert finish_chunk(claim)
    assert finish_chunk(claim)
    with transaction() as db:
        assert len(segments_so_far(db, session_id)) == 1


def test_words_appear_in_the_order_of_the_recording(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    for start in (40.0, 0.0, 20.0):
        finish_chunk(claim, start, start + 20)
    with transaction() as db:
        assert [segment["start_sec"] for segment in segments_so_far(db, session_id)] == [0.0, 20.0, 40.0]


def test_the_last_words_so_far_are_shown_while_the_rest_is_running(new_session: NewSession) -> None:
    first, second = new_session(), new_session()
    for claim in (claimed(), claimed()):
        for start in (40.0, 0.0, 20.0):
            finish_chunk(claim, start, start + 20)
    with transaction() as db:
        shown = lines_so_far(db, [first, second], most=2)
        assert lines_so_far(db, [], most=2) == {}
    assert shown == {
        session_id: [Line(20, 40, None, "Hello"), Line(40, 60, None, "Hello")] for session_id in (first, second)
    }
