"""A provider recognises a session: it is submitted once, looked at from time to time, and completed."""

import uuid
from collections.abc import Callable

import pytest

from jobs import board, doorbell
from jobs.claim import claim_next
from jobs.engines.protocol import OperationFailed, SubmissionUnknown
from jobs.errors import (
    EngineRefused,
    PartialResult,
    ProviderBusy,
    ProviderUnavailable,
    RecognitionFailed,
    RecordingRefused,
    TranscriptDeskError,
)
from jobs.reconcile import ring_doorbells, take_over_lost
from store import engine_stops, transcript_queries
from store.claims import due_count
from store.database import transaction
from store.states import Status
from tests.instruments.claims import attempts_of, history_of, record_of, worker_dies
from tests.instruments.provider import Provider
from tests.integration.remote.conftest import look, make_due, make_older, operations_of

NewSession = Callable[..., uuid.UUID]


def text_of(session_id: uuid.UUID) -> list[str]:
    with transaction() as db:
        return [line.text for line in transcript_queries.lines(db, session_id)]


def test_it_is_submitted_then_parked_and_holds_no_worker(provider: Provider, session_id: uuid.UUID) -> None:
    assert look()
    record = record_of(session_id)
    assert (record.status, record.worker, record.attempt) == (Status.PROCESSING, None, 1)
    assert record.next_run_at is not None
    assert 5 <= (record.next_run_at - record.now).total_seconds() <= 10  # a sixtieth of ten minutes
    assert [operation.name for operation in operations_of(session_id)] == ["operations/1"]
    assert not look(), "nothing is due before its next look"


def test_a_look_moves_the_percentage_and_does_not_count_as_an_attempt(
    provider: Provider, session_id: uuid.UUID
) -> None:
    look()
    provider.operations[0].percent = 50
    look(session_id)
    record = record_of(session_id)
    assert (record.duration_processed, record.attempt, record.claim_no) == (300.0, 1, 2)
    view = board.session(session_id)
    assert view is not None
    assert (view.basis, view.progress) == ("reported", 35)
    assert [row.message for row in history_of(session_id)] == [
        "Waiting in queue",
        "Preparing audio",
        "Processing audio...",
    ]


def test_without_a_report_the_bar_rests_on_time(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    look(session_id)
    view = board.session(session_id)
    assert view is not None
    assert view.basis == "estimated"
    assert view.remaining_sec is not None


def test_it_completes_with_the_words_and_one_operation(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    provider.finish()
    look(session_id)
    record = record_of(session_id)
    assert (record.status, record.progress, record.next_run_at) == (Status.COMPLETED, 100, None)
    assert text_of(session_id) == ["Words of operations/1"]
    assert [operation.outcome for operation in operations_of(session_id)] == ["recognised"]
    assert len(provider.operations) == 1


def test_one_job_looks_at_all_that_are_due(provider: Provider, new_session: NewSession) -> None:
    ids = [
        new_session(engine="provider", duration_total=60.0, audio_uri=f"gs://bucket/audio-uploads/coach/{number}.wav")
        for number in range(5)
    ]
    for _ in ids:
        look()
    provider.finish()
    make_due()
    look()
    assert {record_of(session_id).status for session_id in ids} == {Status.COMPLETED}


def test_many_looks_do_not_hold_up_what_is_to_be_submitted(provider: Provider, new_session: NewSession) -> None:
    for _ in range(3):
        new_session(engine="provider")
    look()
    for _ in range(2):
        new_session(engine="provider")
    provider.calls.clear()
    make_due()
    look()
    assert provider.calls == ["poll", "submit", "poll", "submit", "poll"]


def test_a_look_is_not_followed_by_a_recording_that_takes_long(provider: Provider, new_session: NewSession) -> None:
    new_session(engine="provider")
    look()
    waiting = new_session(engine="pocketsphinx", priority="high")
    make_due()
    look()
    assert record_of(waiting).status is Status.PENDING, "another job does it"


def test_a_look_that_is_due_rings_a_doorbell(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    assert ring_doorbells() == 0
    make_due()
    with transaction() as db:
        assert due_count(db) == 1
    assert ring_doorbells() == 1
    with doorbell.connection() as redis:
        assert doorbell.queue(redis).count == 1


def test_a_parked_session_is_not_taken_over(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    worker_dies(session_id)
    assert take_over_lost() == 0
    assert record_of(session_id).status is Status.PROCESSING


def test_a_worker_that_dies_while_it_looks_costs_no_second_operation(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    make_due()
    assert claim_next(worker="host-2", job_id="job-2") is not None
    worker_dies(session_id)
    assert take_over_lost() == 1
    provider.finish()
    assert look(), "the next attempt"
    assert record_of(session_id).status is Status.COMPLETED
    assert provider.calls.count("submit") == 1
    assert [row.outcome for row in attempts_of(session_id)] == ["lost", "completed"]


def test_a_submission_of_unknown_outcome_is_found_again(provider: Provider, session_id: uuid.UUID) -> None:
    provider.fail("submit", SubmissionUnknown())
    look()
    assert operations_of(session_id)[0].name is None
    assert record_of(session_id).message == "Waiting: the transcription service does not answer at the moment"
    look(session_id)
    assert operations_of(session_id)[0].name == "operations/1"
    assert record_of(session_id).message == "Processing audio..."
    assert len(provider.operations) == 1


def test_one_that_cannot_be_found_is_sent_again_only_when_it_cannot_arrive_any_more(
    provider: Provider, session_id: uuid.UUID
) -> None:
    provider.unseen = True
    provider.fail("submit", SubmissionUnknown())
    look()
    for _ in range(3):
        look(session_id)
    assert provider.operations == []
    make_older(session_id, 200)
    look(session_id)
    look(session_id)
    assert [operation.name for operation in provider.operations] == ["operations/1"]
    assert operations_of(session_id)[0].name == "operations/1"


def test_an_operation_that_is_gone_is_submitted_anew(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    provider.operations[0].gone = True
    look(session_id)
    look(session_id)
    assert len(provider.operations) == 2
    provider.finish()
    look(session_id)
    assert text_of(session_id) == ["Words of operations/2"]


@pytest.mark.parametrize("when", ["submit", "poll"])
def test_a_busy_provider_is_asked_less_often_and_no_try_is_used_up(
    provider: Provider, session_id: uuid.UUID, when: str
) -> None:
    if when == "poll":
        look()
    provider.fail(when, ProviderBusy(), ProviderBusy(), ProviderBusy())
    waits = []
    for _ in range(3):
        look(session_id)
        record = record_of(session_id)
        assert record.next_run_at is not None
        waits.append((record.next_run_at - record.now).total_seconds())
    assert waits == sorted(waits)
    assert waits[2] > 2.5 * waits[0]
    assert (record.status, record.attempt, record.failures) == (Status.PROCESSING, 1, 0)
    assert record.message == "Waiting: the transcription service takes no more work at the moment"
    provider.finish()
    look(session_id)
    provider.finish()
    look(session_id)
    assert record_of(session_id).status is Status.COMPLETED
    assert len(provider.operations) == 1


def test_an_unreachable_provider_does_not_end_the_attempt(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    provider.fail("poll", *[ProviderUnavailable() for _ in range(7)])
    for _ in range(7):
        look(session_id)
    record = record_of(session_id)
    assert (record.status, record.attempt, record.failures) == (Status.PROCESSING, 1, 0)


def test_an_engine_that_refuses_us_is_stopped_and_tried_again(
    provider: Provider, session_id: uuid.UUID, new_session: NewSession
) -> None:
    provider.fail("submit", EngineRefused(detail="permission speech.recognizers.recognize denied"))
    look()
    record = record_of(session_id)
    assert (record.status, record.failures, record.error_code) == (Status.PENDING, 0, "engine-refused")
    other = new_session(engine="provider", audio_uri="gs://bucket/audio-uploads/coach/2.wav")
    assert not look(), "nothing of this engine is claimed"
    with transaction() as db:
        [stop] = engine_stops.stops(db)
        assert stop.detail == "permission speech.recognizers.recognize denied"
        assert due_count(db) == 0
        engine_stops.try_now(db, "provider")
    assert look()
    assert record_of(other).worker is None
    with transaction() as db:
        assert engine_stops.stops(db) == []


def test_what_is_under_way_at_an_engine_that_refuses_us_goes_on_later(
    provider: Provider, session_id: uuid.UUID
) -> None:
    look()
    provider.fail("poll", EngineRefused())
    look(session_id)
    record = record_of(session_id)
    assert (record.status, record.attempt, record.failures) == (Status.PROCESSING, 1, 0)
    assert record.next_run_at is not None
    assert (record.next_run_at - record.now).total_seconds() > 55


def test_a_recording_that_is_refused_fails_for_good(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    provider.fail("poll", OperationFailed(RecordingRefused()))
    look(session_id)
    record = record_of(session_id)
    assert (record.status, record.error_code) == (Status.FAILED, "recording-refused")
    assert [operation.outcome for operation in operations_of(session_id)] == ["failed"]


@pytest.mark.parametrize("error", [RecognitionFailed, PartialResult])
def test_a_failed_operation_is_a_failed_attempt_and_the_next_submits_anew(
    provider: Provider, session_id: uuid.UUID, error: type[TranscriptDeskError]
) -> None:
    look()
    provider.fail("poll", OperationFailed(error()))
    look(session_id)
    assert (record_of(session_id).status, record_of(session_id).failures) == (Status.PENDING, 1)
    look(session_id)
    provider.finish()
    look(session_id)
    assert record_of(session_id).status is Status.COMPLETED
    assert len(provider.operations) == 2


def test_an_operation_that_ended_refused_stops_the_engine_and_is_submitted_anew_without_a_try_used_up(
    provider: Provider, session_id: uuid.UUID
) -> None:
    look()
    provider.fail("poll", OperationFailed(EngineRefused(detail="the service agent may not read the bucket")))
    look(session_id)
    record = record_of(session_id)
    assert (record.status, record.failures, record.error_code) == (Status.PENDING, 0, "engine-refused")
    with transaction() as db:
        assert [stop.engine for stop in engine_stops.stops(db)] == ["provider"]
        engine_stops.try_now(db, "provider")
    look(session_id)
    provider.finish()
    look(session_id)
    assert record_of(session_id).status is Status.COMPLETED
    assert len(provider.operations) == 2


def test_a_question_that_is_refused_does_not_end_what_it_is_about(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    provider.fail("poll", RecordingRefused(detail="400 on GetOperation"))
    look(session_id)
    assert record_of(session_id).status is Status.PROCESSING
    provider.finish()
    look(session_id)
    assert record_of(session_id).status is Status.COMPLETED
    assert len(provider.operations) == 1
