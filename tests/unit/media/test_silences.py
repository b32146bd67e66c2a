"""Cuts lie in pauses, cover the recording exactly, and are the same for the same bytes."""

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.media.pcm import SAMPLE_RATE
from jobs.media.silences import Chunk, Lengths, cut, read_sound


def write(path: Path, samples: np.ndarray) -> Path:
    samples.astype("<i2").tofile(path)
    return path


def noise(duration_sec: float, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3000, 3000, int(duration_sec * SAMPLE_RATE))


@settings(max_examples=40, deadline=None)
@given(
    samples=st.integers(0, 130 * SAMPLE_RATE),
    target_sec=st.floats(1, 25),
    slack_sec=st.floats(0, 15),
    pauses=st.lists(st.floats(0, 130), max_size=12),
    seed=st.integers(0, 9),
)
def test_chunks_cover_everything_once(
    samples: int, target_sec: float, slack_sec: float, pauses: list[float], seed: int
) -> None:
    sound = np.resize(noise(5, seed), samples)
    for at in pauses:
        sound[int(at * SAMPLE_RATE) : int((at + 0.4) * SAMPLE_RATE)] = 0
    with tempfile.TemporaryDirectory() as folder:
        pcm = write(Path(folder) / "sound.pcm", sound)
        chunks = cut(pcm, Lengths(target_sec=target_sec, max_sec=target_sec + slack_sec))
        assert chunks == cut(pcm, Lengths(target_sec=target_sec, max_sec=target_sec + slack_sec))
        with pcm.open("rb") as file:
            assert b"".join(block for chunk in chunks for block in read_sound(file, chunk, 0.3)) == pcm.read_bytes()
    assert [chunk.start_sec for chunk in chunks[:1]] == ([0.0] if samples else [])
    assert all(before.end_sec == after.start_sec for before, after in pairwise(chunks))
    assert all(0 < chunk.audio_sec <= target_sec + slack_sec + 0.011 for chunk in chunks)
    assert sum(chunk.audio_sec for chunk in chunks) == pytest.approx(samples / SAMPLE_RATE)


def test_cuts_lie_in_the_pauses(tmp_path: Path) -> None:
    sound = noise(240)
    for at in (18, 41, 63, 80):
        sound[at * SAMPLE_RATE : (at + 1) * SAMPLE_RATE] = 0
    chunks = cut(write(tmp_path / "sound.pcm", sound), Lengths(target_sec=20))
    assert [int(chunk.start_sec) for chunk in chunks[:5]] == [0, 18, 41, 63, 80]


def test_a_long_pause_is_better_than_a_short_one(tmp_path: Path) -> None:
    sound = noise(180)
    sound[int(20 * SAMPLE_RATE) : int(20.1 * SAMPLE_RATE)] = 0
    sound[int(23 * SAMPLE_RATE) : int(23.8 * SAMPLE_RATE)] = 0
    assert 23 < cut(write(tmp_path / "sound.pcm", sound))[1].start_sec < 23.8


def test_a_short_recording_gives_several_processes_work(tmp_path: Path) -> None:
    assert len(cut(write(tmp_path / "sound.pcm", noise(50)))) >= 4
    assert len(cut(write(tmp_path / "sound.pcm", noise(5)))) == 1


@pytest.mark.parametrize("duration_sec", [90, 150, 180, 420, 600])
def test_two_processes_finish_together(duration_sec: int, tmp_path: Path) -> None:
    sound = noise(duration_sec)
    for at in range(0, duration_sec, 6):
        sound[at * SAMPLE_RATE : int((at + 0.5) * SAMPLE_RATE)] = 0
    busy_sec = [0.0, 0.0]
    for chunk in cut(write(tmp_path / "sound.pcm", sound)):  # each takes the next one as soon as it is free
        busy_sec[busy_sec.index(min(busy_sec))] += chunk.audio_sec
    assert max(busy_sec) < 1.08 * sum(busy_sec) / 2


def test_an_odd_last_byte_is_ignored(tmp_path: Path) -> None:
    pcm = tmp_path / "sound.pcm"
    pcm.write_bytes(noise(1).astype("<i2").tobytes() + b"\0")
    assert cut(pcm) == [Chunk(0.0, 1.0)]


def test_a_target_beyond_the_maximum_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="target_sec"):
        cut(tmp_path / "sound.pcm", Lengths(target_sec=40, max_sec=30))
