"""A recording with one speaker a channel is known by its sound; ordinary stereo is not taken for one."""

import struct
from pathlib import Path

import numpy as np
import pytest

from jobs.media import probe_child
from jobs.media.probe import probe
from jobs.media.speaker_channels import FRAME_SEC, apart
from tests import hostile_media as media

RATE = 16_000
SEC = 24.0


def voice(seed: int, turns: list[tuple[float, float]]) -> np.ndarray:
    """Noise that swells four times a second as syllables do, in these stretches; else a quiet room."""
    chance = np.random.default_rng(seed)
    at = np.arange(int(SEC * RATE)) / RATE
    loud = np.zeros_like(at)
    for start_sec, end_sec in turns:
        loud[(at >= start_sec) & (at < end_sec)] = 3000
    swelling = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * at + seed)
    return chance.normal(size=len(at)) * (loud * swelling + 5)


COACH = voice(1, [(0, 4), (9, 13), (17, 18)])
COACHEE = voice(2, [(4.5, 9.5), (13, 16.5), (18, 23)])  # they interrupt each other a little


def recorded(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.clip(np.stack([left, right]), -32_000, 32_000).astype("<i2")


CASES = {
    "one each": (recorded(COACH, COACHEE), True),
    "one each, one of them quiet": (recorded(COACH, 0.2 * COACHEE), True),
    "one each, heard a little in the other": (recorded(COACH + 0.05 * COACHEE, COACHEE + 0.05 * COACH), True),
    "dual mono": (recorded(COACH + COACHEE, COACH + COACHEE), False),
    "dual mono, one side quieter": (recorded(COACH + COACHEE, 0.1 * (COACH + COACHEE)), False),
    "stereo": (recorded(COACH + 0.5 * COACHEE, 0.5 * COACH + COACHEE), False),
    "a silent channel": (recorded(COACH + COACHEE, 0 * COACH), False),
    "a channel that hums": (recorded(COACH + COACHEE, 20 * np.sin(np.arange(len(COACH)))), False),
    "silence": (recorded(0 * COACH, 0 * COACH), False),
    "one speaker": (recorded(COACH, voice(3, [])), False),
    "both at once": (recorded(voice(4, [(0, 23)]), voice(5, [(0, 23)])), False),
    "a word and no more": (recorded(COACH[: 2 * RATE], COACHEE[: 2 * RATE]), False),
}


@pytest.mark.parametrize("case", CASES)
def test_one_speaker_a_channel_is_told_from_other_stereo(case: str, tmp_path: Path) -> None:
    sound, expected = CASES[case]
    path = media.wav(tmp_path / "talk.wav", sound, RATE)
    assert probe_child.read_in_sandbox(path, {"max_audio_sec": 60})["speaker_channels"] is expected


def test_the_whole_way_through_the_sandbox(tmp_path: Path) -> None:
    facts = probe(media.wav(tmp_path / "talk.wav", CASES["one each"][0], RATE))
    assert facts.speaker_channels is True
    assert facts.duration_sec == pytest.approx(SEC, abs=0.01)
    assert probe(media.wav(tmp_path / "mono.wav", COACH.clip(-32_000, 32_000), RATE)).speaker_channels is False


@pytest.mark.parametrize("codec", ["m4a", "mp3", "ogg", "opus", "24bit", "float", "ulaw"])
def test_every_way_of_writing_samples_is_understood(
    codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = next(form for form in media.FORMATS if codec in form.file_name)
    step = np.arange(int(SEC * form.rate)) * RATE // form.rate
    sound = CASES["one each"][0][:, np.minimum(step, len(COACH) - 1)]
    monkeypatch.setattr(media, "tone", lambda *_: sound)
    path = media.good_file(tmp_path, form, duration_sec=SEC)
    assert probe_child.read_in_sandbox(path, {"max_audio_sec": 60})["speaker_channels"] is True


@pytest.mark.parametrize(("samples", "filled"), [(4_000, 0.5), (80_000, np.nan), (80_000, np.inf), (80_000, 3e38)])
def test_next_to_nothing_and_what_is_no_number_have_no_speakers(tmp_path: Path, samples: int, filled: float) -> None:
    sound = np.full((samples, 2), filled, dtype="<f4")
    sound[::2] = 0.1
    header = struct.pack("<4sI4s4sIHHIIHH4sI", *_header(sound.nbytes))
    (tmp_path / "odd.wav").write_bytes(header + sound.tobytes())
    assert probe(tmp_path / "odd.wav").speaker_channels is False


def _header(size: int) -> tuple[bytes | int, ...]:
    """Of a WAV with two channels of 32-bit floats at 16 kHz."""
    return (b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 3, 2, RATE, RATE * 8, 8, 32, b"data", size)


def test_the_beginning_of_a_large_file_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_child, "COUNTED_BYTES", 0)
    monkeypatch.setattr("jobs.media.speaker_channels.LISTEN_SEC", 12.0)
    path = media.wav(tmp_path / "talk.wav", CASES["one each"][0], RATE)
    facts = probe_child.read_in_sandbox(path, {"max_audio_sec": 60})
    assert facts["speaker_channels"] is True
    assert facts["duration_sec"] == pytest.approx(SEC, abs=0.01)


def test_who_says_next_to_nothing_has_no_channel() -> None:
    frames = int(60 / FRAME_SEC)
    levels = np.full((2, frames), -80.0)
    levels[0, :] = -20.0
    levels[:, : frames // 50] = levels[::-1, : frames // 50]
    assert not apart(levels)
    levels[:, : frames // 5] = np.array([[-80.0], [-20.0]])
    assert apart(levels)
