"""One attempt from its claim to its outcome, in this process, with the metronome as its engine."""

import logging
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy.exc import OperationalError

from jobs import attempt, doorbell, retry_cancel
from jobs.engines import registry
from jobs.media.silences import Lengths
from store import checkpoints, outcomes
from store.settings import settings
from store.states import Status
from tests.instruments.claims import attempts_of, history_of, record_of
from tests.instruments.desk import AUDIO_SEC, beeps, stored
from tests.instruments.metronome_worker import METRONOME

NewSession = Callable[..., uuid.UUID]
SettingsOf = Callable[..., None]


@pytest.fixture(autouse=True)
def metronome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings_of: SettingsOf) -> Iterator[None]:
    monkeypatch.setenv("METRONOME_FOLDER", str(tmp_path))
    settings_of(var_dir=tmp_path / "var", engine_processes=1)
    monkeypatch.setattr(registry, "ENGINES", {**registry.ENGINES, "metronome": METRONOME})
    yield
    registry.engine.cache_clear()


@pytest.fixture
def session_id(new_session: NewSession) -> uuid.UUID:
    return new_session(engine="metronome", duration_total=AUDIO_SEC, audio_uri=stored(beeps(AUDIO_SEC)))


def run_next() -> bool:
    return attempt.run_next(worker="host-1", job_id="job-1", on_claim=lambda _: None)


def test_it_completes_and_says_so_in_the_words_that_are_searched_for(
    session_id: uuid.UUID, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert run_next()
    assert [record.message for record in caplog.records if record.name in {"jobs.attempt", "jobs.completion"}] == [
        f"Starting transcription for session {session_id}",
        "Transcription completed: 6 segments",
        f"Session {session_id} completed successfully",
    ]
    assert record_of(session_id).status is Status.COMPLETED
    assert list(settings().scratch_folder.iterdir()) == []


def test_it_goes_on_with_as_many_sessions_as_doorbells_wait(new_session: NewSession) -> None:
    facts = {"engine": "metronome", "duration_total": AUDIO_SEC, "audio_uri": stored(beeps(AUDIO_SEC))}
    first, second = new_session(**facts), new_session(**(facts | {"audio_uri": stored(beeps(AUDIO_SEC))}))
    third = new_session(**(facts | {"audio_uri": stored(beeps(AUDIO_SEC))}))
    doorbell.ring()
    assert run_next()
    statuses = [record_of(one).status for one in (first, second, third)]
    assert statuses == [Status.COMPLETED, Status.COMPLETED, Status.PENDING]


def test_after_a_session_that_went_wrong_it_leaves_the_next_to_another_work_horse(new_session: NewSession) -> None:
    new_session(engine="metronome", audio_uri=stored(b"not a sound" * 500))
    following = new_session(engine="metronome", audio_uri=stored(beeps(AUDIO_SEC)))
    doorbell.ring()
    assert run_next()
    assert record_of(following).status is Status.PENDING


def test_with_nothing_due_it_ends_at_once() -> None:
    assert not run_next()


def test_a_recording_that_is_gone_fails_for_good(new_session: NewSession) -> None:
    session_id = new_session(engine="metronome")
    assert run_next()
    record = record_of(session_id)
    assert (record.status, record.error_code) == (Status.FAILED, "audio-missing")
    assert record.message == "Processing failed. Please upload another file."


def test_a_recording_that_cannot_be_read_fails_for_good(new_session: NewSession) -> None:
    session_id = new_session(engine="metronome", audio_uri=stored(b"not a sound" * 500))
    assert run_next()
    assert (record_of(session_id).status, record_of(session_id).error_code) == (Status.FAILED, "not-audio")


def test_an_engine_that_this_installation_lost_waits_for_operations(
    session_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = registry.EngineEntry("tests.instruments.no_such_module:Engine", "Metronome", ("en",))
    monkeypatch.setattr(registry, "ENGINES", {"metronome": gone})
    registry.engine.cache_clear()
    assert run_next()
    record = record_of(session_id)
    assert (record.status, record.error_code, record.failures) == (Status.PENDING, "engine-unavailable", 0)


@pytest.mark.parametrize(("module", "step"), [(checkpoints, "resume"), (checkpoints, "save"), (outcomes, "complete")])
def test_postgres_away_for_a_moment_is_waited_for_and_costs_no_try(
    module: ModuleType, step: str, session_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While preparing, at a checkpoint, and at the commit."""
    real, away = getattr(module, step), [True]

    def falter(*arguments: object, **named: object) -> object:
        if away.pop() if away else False:
            raise OperationalError("statement", {}, Exception("the connection is gone"))
        return real(*arguments, **named)

    monkeypatch.setattr(module, step, falter)
    assert run_next()
    assert not away
    assert record_of(session_id).status is Status.COMPLETED
    assert [one.outcome for one in attempts_of(session_id)] == ["completed"]


def test_an_unforeseen_error_is_logged_whole_and_tried_again(
    session_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(attempt, "cut", broken)
    assert run_next()
    record = record_of(session_id)
    assert (record.status, record.error_code, record.failures) == (Status.PENDING, "unexpected", 1)
    assert "nobody thought of this" not in (history_of(session_id)[-1].detail or "")
    assert "ZeroDivisionError" in caplog.text
    assert list(settings().scratch_folder.iterdir()) == []


def test_a_worker_that_is_asked_to_end_hands_back(session_id: uuid.UUID) -> None:
    attempt.stopping.set()
    try:
        assert run_next()
    finally:
        attempt.stopping.clear()
    record = record_of(session_id)
    assert (record.status, record.failures, record.next_run_at is None or record.next_run_at <= record.now) == (
        Status.PENDING,
        0,
        True,
    )


def test_a_session_that_is_taken_away_while_it_is_prepared_is_left_alone(
    session_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = attempt.cut

    def cancelled_meanwhile(pcm: Path, lengths: Lengths) -> object:
        retry_cancel.cancel(session_id, actor="anna")
        return real(pcm, lengths)

    monkeypatch.setattr(attempt, "cut", cancelled_meanwhile)
    assert run_next()
    assert [row.status for row in history_of(session_id)] == [Status.PENDING, Status.PROCESSING, Status.CANCELLED]
