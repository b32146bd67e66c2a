"""Where to listen for voices in a chunk: a window every half second, only where words are."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from jobs.engines.protocol import Segment, Voices
from jobs.media.pcm import SAMPLE_RATE
from jobs.speakers.encoder import WINDOW_SEC, Encoder
from jobs.speakers.relabel import spoken

HOP_SEC = 0.5  # as good as 0.25 s for half the price: docs/decisions/0028-speakers-without-torch.md
NEAR_SEC = 0.25  # from a window's centre to the nearest word, at most


def voices_of(
    encoder: Encoder, samples: npt.NDArray[np.float32], start_sec: float, segments: Sequence[Segment]
) -> Voices:
    """The voices of a chunk that begins at `start_sec` of the recording, at the words of its segments."""
    spans = [(one.start_sec - start_sec, one.end_sec - start_sec) for one in spoken(segments)]
    at_sec = centres(spans, len(samples) / SAMPLE_RATE)
    return Voices(np.array(at_sec, dtype=np.float64) + start_sec, encoder.voices(samples, at_sec))


def centres(spans: Sequence[tuple[float, float]], audio_sec: float) -> list[float]:
    """The centres of windows near these spans of words, without those that would pass an end of the sound."""
    if not spans:
        return []
    grid = np.arange(0, audio_sec + HOP_SEC, HOP_SEC)
    starts, ends = np.array(spans).T
    near = ((grid[:, None] >= starts - NEAR_SEC) & (grid[:, None] <= ends + NEAR_SEC)).any(axis=1)
    half = WINDOW_SEC / 2
    inside = np.clip(grid[near], half, max(half, audio_sec - half))
    return [float(at) for at in np.unique(inside)]
