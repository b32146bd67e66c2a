"""How loud each of two channels is, beside the mono PCM and by its clock: a file of two bytes each 25 ms.

A byte is a level in half decibels below full scale, at most 127.5 (silence). An hour takes 288 kB.
"""

from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

from jobs.media.speaker_channels import FRAME_SEC, THINNED_RATE, samples_of

STEPS_PER_DB = 2
SILENCE_DB = -127.5

Levels = npt.NDArray[np.float32]


class LevelWriter:
    """Writes the levels of what is `add`ed to `target`; call `finish` at the end."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._at_sec = 0.0  # of the next sample
        self._first = 0  # the first level that is not written yet
        self._power = np.zeros((2, 0))  # sums, from there on
        self._count = np.zeros(0)

    def add(self, frame: AudioFrame) -> None:
        """Sound that does not have two channels counts as the same in both, if it has one, and as silence else."""
        step = max(1, frame.sample_rate // THINNED_RATE)
        sound = np.zeros((2, -(-frame.samples // step)), dtype=np.float32)
        if len(frame.layout.channels) in (1, 2):
            sound[:] = samples_of(frame, step)
        seconds = self._at_sec + np.arange(sound.shape[1]) * (step / frame.sample_rate)
        places = (seconds / FRAME_SEC).astype(np.int64) - self._first
        self._at_sec += frame.samples / frame.sample_rate
        if not len(places):
            return
        self._extend(int(places[-1]) + 1)
        size = len(self._count)
        self._count += np.bincount(places, minlength=size)
        for channel in (0, 1):
            power = np.nan_to_num(sound[channel].astype(np.float64) ** 2, nan=0.0, posinf=1.0)
            self._power[channel] += np.bincount(places, weights=power, minlength=size)
        self._write(int(places[-1]))

    def finish(self) -> None:
        self._write(len(self._count))

    def _extend(self, size: int) -> None:
        more = max(0, size - len(self._count))
        self._power, self._count = np.pad(self._power, ((0, 0), (0, more))), np.pad(self._count, (0, more))

    def _write(self, whole: int) -> None:
        """Writes so many levels, which are complete."""
        power = self._power[:, :whole] / np.maximum(self._count[:whole], 1)
        below = -10 * STEPS_PER_DB * np.log10(np.clip(power, 1e-20, 1.0))
        self._target.write(np.rint(np.minimum(below, 255)).astype(np.uint8).T.tobytes())
        self._power, self._count, self._first = self._power[:, whole:], self._count[whole:], self._first + whole


def read_levels(path: Path) -> Levels:
    """Two rows of levels in dB (0 is full scale), one each `FRAME_SEC`."""
    below = np.fromfile(path, dtype=np.uint8)
    return (below[: len(below) // 2 * 2].reshape(-1, 2).T / -STEPS_PER_DB).astype(np.float32)
