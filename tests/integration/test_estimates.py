"""Every estimate that is shown is kept, once, and scored when its session has finished."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import text

from jobs import board, estimates_made
from jobs.accuracy_view import figures
from jobs.claim import Claim
from jobs.lessons import lessons
from store.database import database_now, transaction
from store.estimates import SUBMITTED, outcomes_to_learn
from store.statistics import buckets
from store.transitions import record_progress
from tests.instruments.claims import claimed, complete, set_facts
from tests.instruments.statistics import refreshed

NewSession = Callable[..., uuid.UUID]


def submit(session_id: uuid.UUID) -> None:
    with transaction() as db:
        estimates_made.at_submission(db, session_id)


def report(claim: Claim, processed_sec: float) -> None:
    with transaction() as db:
        assert record_progress(db, claim.session_id, claim.claim_no, processed_sec=processed_sec, progress=1)
        estimates_made.while_running(db, claim.session_id)


def fractions(session_id: uuid.UUID) -> list[float]:
    with transaction() as db:
        rows = db.execute(text("SELECT fraction FROM estimate WHERE session_id = :id ORDER BY 1"), {"id": session_id})
        return [row.fraction for row in rows]


def finished(new_session: NewSession, *, took_sec: float = 30.0) -> uuid.UUID:
    """A session of 60 s whose estimates were made as long before its end as it took."""
    session_id = new_session(duration_total=60.0)
    submit(session_id)
    claim = claimed()
    report(claim, 0.0)
    report(claim, 30.0)
    complete(claim)
    with transaction() as db:
        moved = f"finished_at = made_at + interval '{took_sec} s' FROM estimate WHERE session_id = id AND fraction = 0"
        db.execute(text(f"UPDATE session SET {moved} AND id = :id"), {"id": session_id})
        started = f"started_at = finished_at - interval '{took_sec} s'"
        db.execute(text(f"UPDATE attempt SET {started} WHERE session_id = :id"), {"id": session_id})
    return session_id


def test_one_is_kept_at_submission_and_at_each_fraction_that_is_reached_first(new_session: NewSession) -> None:
    session_id = new_session(duration_total=100.0)
    submit(session_id)
    claim = claimed()
    for processed_sec in (0.0, 0.0, 4.0, 6.0, 7.0, 60.0, 61.0):
        report(claim, processed_sec)
    assert fractions(session_id) == [SUBMITTED, 0.0, 0.05, 0.5]


def test_estimates_are_scored_by_the_time_that_passed_until_the_end(new_session: NewSession) -> None:
    session_id = finished(new_session)
    with transaction() as db:
        scored = {one.fraction: one for one in outcomes_to_learn(db, "pocketsphinx", "")}
    assert set(scored) == {SUBMITTED, 0.0, 0.5}
    assert scored[0.0].actual_sec == pytest.approx(30)
    assert scored[0.0].estimated_sec == pytest.approx(240, abs=5)
    assert {one.session_id for one in scored.values()} == {session_id}


def test_a_session_that_was_queued_again_is_not_scored_from_its_submission(new_session: NewSession) -> None:
    session_id = finished(new_session)
    set_facts(session_id, "queued_at = clock_timestamp()")
    with transaction() as db:
        assert SUBMITTED not in {one.fraction for one in outcomes_to_learn(db, "pocketsphinx", "")}


def test_from_nine_finished_sessions_on_a_session_says_between_which_times_it_is_ready(new_session: NewSession) -> None:
    for number in range(8):
        finished(new_session, took_sec=20.0 + number)
    rough = board.session(new_session(duration_total=60.0))
    assert rough is not None
    assert (rough.ready_from, rough.similar_sessions) == (None, 8)
    claimed()
    finished(new_session, took_sec=30.0)
    sure = board.session(new_session(duration_total=60.0))
    assert sure is not None
    assert sure.similar_sessions == 9
    assert sure.ready_from is not None and sure.ready_to is not None  # noqa: PT018  for mypy, all at once
    assert sure.estimated_completion is not None
    assert sure.ready_from <= sure.estimated_completion <= sure.ready_to


def test_lessons_are_read_once_a_finished_session(new_session: NewSession) -> None:
    finished(new_session)
    with transaction() as db:
        first = lessons(db, "pocketsphinx")
        assert lessons(db, "pocketsphinx") is first
    finished(new_session)
    with transaction() as db:
        assert lessons(db, "pocketsphinx").calibration.sessions == first.calibration.sessions + 1


def test_sessions_at_once_are_noted_on_the_attempt(new_session: NewSession) -> None:
    for _ in range(2):
        new_session()
        claimed()
    with transaction() as db:
        assert list(db.scalars(text("SELECT at_once FROM attempt ORDER BY started_at"))) == [1, 2]


def test_accuracy_tells_engines_and_fractions_apart(new_session: NewSession) -> None:
    finished(new_session)
    refreshed()
    with transaction() as db:
        view = figures(buckets(db, "day", database_now(db).replace(year=2000), owner=None))
    assert view.overall is not None
    assert view.overall.coverage is None
    assert [row.point for row in view.rows] == ["At submission", "At the start", "50% done"]
    assert view.rows[1].accuracy.median_error == pytest.approx(7, rel=0.05)  # 240 s were promised, 30 s it took
    assert figures([]).overall is None
