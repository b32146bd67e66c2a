"""With one speaker a channel, each word has the speaker of the louder channel."""

from pathlib import Path

import numpy as np
import pytest

from jobs.engines.protocol import Segment, Word
from jobs.media.channel_levels import read_levels
from jobs.media.decode import decode
from jobs.media.speaker_channels import FRAME_SEC, apart
from jobs.speakers.channels import by_channel
from tests import hostile_media as media

RATE = 16_000


def dialogue(seed: int) -> tuple[np.ndarray, list[Segment], list[int]]:
    """Two channels of noise that swells with each word, their sentences, and who says each word."""
    chance = np.random.default_rng(seed)
    at_sec, speaker, segments, truth = 0.5, 0, [], []
    spans: list[tuple[float, float, int]] = []
    while at_sec < 120:
        words = []
        for _ in range(1 if chance.random() < 0.25 else int(chance.integers(3, 15))):  # or a short interjection
            length = chance.uniform(0.15, 0.5)
            words.append(Word("word", at_sec, at_sec + length))
            spans.append((at_sec, at_sec + length, speaker))
            truth.append(speaker + 1)
            at_sec += length + chance.uniform(0, 0.08)
        segments.append(Segment(words[0].start_sec, words[-1].end_sec, "words", words=tuple(words)))
        speaker = 1 - speaker
        at_sec += chance.uniform(0.0, 0.6)
    sound = np.zeros((2, int((at_sec + 0.5) * RATE)))
    for start, end, channel in spans:
        size = int((end - start) * RATE)
        swell = np.sin(np.pi * np.arange(size) / size) ** 0.5 * chance.uniform(0.5, 1.0)
        sound[channel, int(start * RATE) :][:size] += chance.normal(size=size) * swell * 0.1
    return sound, segments, truth


def mixed(sound: np.ndarray, *, crosstalk: float = 0, right: float = 1, left_noise: float = 0, noise: float = 1e-4):
    """As two microphones hear it: a part of the other, one further away, and the noise of each line."""
    chance = np.random.default_rng(0)
    heard = np.stack([sound[0] + crosstalk * sound[1], right * (sound[1] + crosstalk * sound[0])])
    heard += chance.normal(size=heard.shape) * np.array([[noise + left_noise], [noise]])
    return (np.clip(heard, -1, 1) * 32767).astype("<i2")


CASES: dict[str, dict[str, float]] = {
    "apart": {},
    "crosstalk": {"crosstalk": 0.2},
    "a quiet one": {"right": 0.25},
    "a quiet one and crosstalk": {"right": 0.4, "crosstalk": 0.1},
    "a noisy line": {"left_noise": 0.01, "crosstalk": 0.1},
    "a noisy line and a quiet other": {"left_noise": 0.002, "right": 0.3},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", [1, 2])
def test_99_of_100_words_have_their_speaker(case: str, seed: int, tmp_path: Path) -> None:
    sound, segments, truth = dialogue(seed)
    recording = media.wav(tmp_path / "talk.wav", mixed(sound, **CASES[case]), RATE)
    decode(recording, tmp_path / "sound.pcm", levels=tmp_path / "sound.levels")
    levels = read_levels(tmp_path / "sound.levels")
    assert apart(levels.astype(np.float64)), "the probe would not ask for channels"
    found = by_channel(segments, levels)
    assert len(found) == len(truth)
    assert np.mean(np.array(found) == truth) >= 0.99


def test_the_channels_keep_their_numbers_whoever_begins() -> None:
    levels = np.full((2, 80), -80.0, dtype=np.float32)
    levels[1, :40], levels[0, 40:] = -20, -20
    segments = [Segment(0, 1, "first", words=(Word("first", 0.1, 0.9),)), Segment(1, 2, "second")]
    assert by_channel(segments, levels) == (2, 1)


def test_words_beyond_the_sound_and_silence_have_a_speaker_too() -> None:
    levels = np.full((2, int(2 / FRAME_SEC)), -127.5, dtype=np.float32)
    segments = [Segment(0, 1, "one"), Segment(90, 91, "two")]
    assert set(by_channel(segments, levels)) <= {1, 2}
    assert by_channel(segments, levels[:, :0]) == (1, 1)
    assert by_channel([], levels) == ()
