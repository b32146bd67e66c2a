"""Hostile files that reached a worker: the attempt fails in words, is not tried again, and the worker goes on."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs import attempt
from jobs.engines import registry
from jobs.errors import ERRORS
from jobs.media.probe import probe
from store.settings import settings
from store.states import Status
from tests import hostile_media as media
from tests import media_bombs as bombs
from tests import media_boxes as boxes
from tests.instruments.claims import attempts_of, record_of
from tests.instruments.desk import AUDIO_SEC, beeps, stored
from tests.instruments.metronome_worker import METRONOME
from tests.read_several import SETTLED

NewSession = Callable[..., uuid.UUID]
SettingsOf = Callable[..., None]
HOSTILE: dict[str, Callable[[Path], Path]] = {
    "not-audio zip": media.zip_renamed,
    "not-audio random": media.random_bytes,
    "no-audio-stream": media.video_without_audio,
    "not-audio channels": lambda folder: bombs.odd_wav(folder / "field.wav", channels=128),
    "recording-too-long flac": lambda folder: bombs.flac_of_silence(folder / "bomb.flac", 24 * 3600),
    "recording-too-long opus": lambda folder: bombs.opus_of_silence(folder / "bomb.opus", 24 * 3600),
    "recording-too-long edits": lambda folder: boxes.many_edits(folder / "edits.mp4", 1000),
    "media-limit-exceeded tracks": lambda folder: boxes.many_tracks(folder / "tracks.mp4", 3000),
    "decoding-failed": lambda folder: boxes.many_samples(folder / "table.mp4", 0x7FFFFFFF),
}


@pytest.fixture(autouse=True)
def metronome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings_of: SettingsOf) -> Iterator[None]:
    monkeypatch.setenv("METRONOME_FOLDER", str(tmp_path))
    settings_of(var_dir=tmp_path / "var", engine_processes=1, max_audio_hours=0.05)
    monkeypatch.setattr(registry, "ENGINES", {**registry.ENGINES, "metronome": METRONOME})
    yield
    registry.engine.cache_clear()


def run_next() -> bool:
    return attempt.run_next(worker="host-1", job_id="job-1", on_claim=lambda _: None)


def assert_failed_for_good(session_id: uuid.UUID, code: str) -> None:
    record = record_of(session_id)
    assert (record.status, record.error_code) == (Status.FAILED, code)
    assert ERRORS[code].kind in SETTLED
    assert record.error_text
    assert record.error_text.endswith(".")
    assert not run_next()  # nothing is due: it waits for nobody
    assert [one.outcome for one in attempts_of(session_id)] == ["failed"]
    assert list(settings().scratch_folder.iterdir()) == []


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_recording_fails_for_good(case: str, tmp_path: Path, new_session: NewSession) -> None:
    hostile = HOSTILE[case](tmp_path).read_bytes()
    session_id = new_session(engine="metronome", audio_uri=stored(hostile))
    assert run_next()
    assert_failed_for_good(session_id, case.split()[0])


def test_one_that_passed_the_probe_fails_for_good_while_decoding(tmp_path: Path, new_session: NewSession) -> None:
    """Too large to be counted, and its header claims twenty seconds; it plays for five minutes, two over the limit."""
    lying = bombs.flac_of_silence(tmp_path / "lying.flac", 300, claimed_sec=20, padding_mb=75)
    assert probe(lying).duration_sec == 20
    session_id = new_session(engine="metronome", duration_total=20, audio_uri=stored(lying.read_bytes()))
    assert run_next()
    assert_failed_for_good(session_id, "recording-too-long")


def test_the_same_worker_does_the_next_recording(tmp_path: Path, new_session: NewSession) -> None:
    hostile = new_session(engine="metronome", audio_uri=stored(media.random_bytes(tmp_path).read_bytes()))
    good = new_session(engine="metronome", duration_total=AUDIO_SEC, audio_uri=stored(beeps(AUDIO_SEC)))
    assert run_next()
    assert run_next()
    assert [record_of(one).status for one in (hostile, good)] == [Status.FAILED, Status.COMPLETED]
