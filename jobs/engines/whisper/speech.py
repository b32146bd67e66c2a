"""Where somebody speaks in a stretch of sound, by Silero's voice activity detection. Runs in a recognising process."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from faster_whisper.vad import get_vad_model

from jobs.media.pcm import SAMPLE_RATE

Samples = npt.NDArray[np.float32]

STEP = 512  # samples: the detector gives a probability for each
LIKELY = 0.35  # speech; 0.5 drops short words: "Hello?" on a telephone lasts 0.1 s for the detector
POSSIBLE = 0.1  # speech in noise, where a good part of it is likely: else a third of a noisy call is lost
MIN_LIKELY = 0.1  # of a span of possible speech
MIN_STEPS = 3  # 0.1 s; what is shorter is a click
PAUSE_SEC = 0.5  # shorter ones do not divide a span
# Hums, sirens and vowel-like tones pass as a voice, but speech changes its colour all the time. Of readers, phones and
# synthetic voices, 0.3 s of speech change by 2.2 dB at least and 1 s by 2.9 dB; steady tones by 1.3 and 1.6 dB at most.
MIN_CHANGE_DB, MIN_CHANGE_LONG_DB, LONG_SEC = 1.6, 2.2, 0.9
QUIETER_DB = 25.0  # frames this much quieter than the loudest tell nothing of its colour
FRAME, HOP = 400, 160
BANDS = np.array([2, 4, 6, 8, 11, 15, 20, 26, 34, 44, 57, 74])  # where each begins, in steps of 40 Hz; the last ends at
LAST_BIN = 97
MIN_FRAMES = 5


@dataclass(frozen=True)
class Span:
    """From one time to another, in seconds."""

    start_sec: float
    end_sec: float

    @property
    def length_sec(self) -> float:
        return self.end_sec - self.start_sec

    def gap_sec(self, start_sec: float, end_sec: float) -> float:
        """How far another span is away from this one; 0 where they touch."""
        return max(start_sec - self.end_sec, self.start_sec - end_sec, 0.0)


def speech_in(samples: Samples) -> list[Span]:
    """The spans in which somebody speaks, in order. Pauses of half a second and more lie between them."""
    if not len(samples):
        return []
    probable = get_vad_model()(np.pad(samples, (0, -len(samples) % STEP))).reshape(-1)
    found: list[tuple[int, int]] = []
    for begin, end in _runs(probable >= POSSIBLE):
        likely = probable[begin:end] >= LIKELY
        if likely.mean() >= MIN_LIKELY:
            found.append((begin, end))
        else:
            found += [(begin + first, begin + last) for first, last in _runs(likely)]
    spans = [(begin * STEP, min(end * STEP, len(samples))) for begin, end in found if end - begin >= MIN_STEPS]
    return [Span(a / SAMPLE_RATE, b / SAMPLE_RATE) for a, b in spans if changes(samples[a:b])]


def _runs(steps: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """From where to where steps are true, over gaps shorter than a pause."""
    at = np.flatnonzero(steps)
    if not len(at):
        return []
    breaks = np.flatnonzero(np.diff(at) > PAUSE_SEC * SAMPLE_RATE / STEP)
    begins, ends = np.concatenate([at[:1], at[breaks + 1]]), np.concatenate([at[breaks], at[-1:]])
    return [(int(begin), int(end) + 1) for begin, end in zip(begins, ends, strict=True)]


def total_sec(spans: Sequence[Span]) -> float:
    return sum(span.length_sec for span in spans)


def changes(samples: Samples) -> bool:
    """Whether the sound's colour changes as that of speech does; True for what is too short to tell.

    The colour of a frame is its power in twelve bands less their mean, in decibels: the median over the bands of the
    deviation over time counts.
    """
    if len(samples) < FRAME + MIN_FRAMES * HOP:
        return True
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP] * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, axis=1)[:, :LAST_BIN]) ** 2
    bands = 10 * np.log10(np.add.reduceat(power, BANDS, axis=1) + 1e-9)
    loudest = bands.max(axis=1)
    heard = bands[loudest > loudest.max() - QUIETER_DB]
    if len(heard) < MIN_FRAMES:
        return True
    colour = heard - heard.mean(axis=1, keepdims=True)
    least_db = MIN_CHANGE_LONG_DB if len(samples) >= LONG_SEC * SAMPLE_RATE else MIN_CHANGE_DB
    return bool(np.median(np.std(colour, axis=0)) >= least_db)
