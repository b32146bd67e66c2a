"""Windows lie where words are, inside their chunk."""

import numpy as np
import pytest

from jobs.engines.protocol import Segment, Word
from jobs.speakers.encoder import Encoder
from jobs.speakers.windows import centres, voices_of


def test_windows_are_made_near_words_only() -> None:
    assert centres([], 20.0) == []
    assert centres([(2.1, 2.3), (7.0, 8.1)], 20.0) == [2.0, 2.5, 7.0, 7.5, 8.0]
    assert centres([(2.3, 2.4)], 20.0) == [2.5]


@pytest.mark.parametrize("audio_sec", [0.2, 1.0, 1.7, 5.0, 13.3])
def test_a_word_at_an_edge_has_a_window_inside(audio_sec: float) -> None:
    found = centres([(0.0, 0.1), (audio_sec - 0.1, audio_sec)], audio_sec)
    assert found
    assert found == sorted(set(found))
    assert all(0.7 <= at <= max(0.7, audio_sec - 0.7) for at in found)


def test_every_word_has_a_window_within_reach() -> None:
    chance = np.random.default_rng(0)
    for start in chance.uniform(1, 18, 200):
        found = centres([(start, start + 0.05)], 20.0)
        assert min(abs(at - start) for at in found) <= 0.3


def test_the_voices_of_a_chunk_have_times_of_the_recording(encoder: Encoder) -> None:
    sound = np.random.default_rng(0).normal(size=5 * 16_000).astype(np.float32) * 0.1
    said = Segment(101.0, 102.0, "so what", words=(Word("so", 101.0, 101.4), Word("what", 101.5, 102.0)))
    voices = voices_of(encoder, sound, 100.0, [said])
    assert voices.at_sec.tolist() == [101.0, 101.5, 102.0]
    assert voices.vectors.shape == (3, 256)
    assert voices.vectors.dtype == np.float32
    nothing = voices_of(encoder, sound, 100.0, [])
    assert len(nothing.at_sec) == len(nothing.vectors) == 0
