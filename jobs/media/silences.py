"""Where to cut a recording so that no word is cut: at its quietest, longest pauses.

The boundaries depend on the sound alone, never on the machine: a later attempt, on another host, finds the chunks that
an earlier one has finished.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from jobs.media.pcm import BYTES_PER_SAMPLE, BYTES_PER_SEC, SAMPLE_RATE

FRAMES_PER_SEC = 100
FRAME_SAMPLES = SAMPLE_RATE // FRAMES_PER_SEC
FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
PAUSE_FRAMES = 40  # loudness is averaged over 0.4 s, so a long pause beats a short one
DISTANCE_TENTHS_DB = 60  # a cut one whole target away has to be 6 dB quieter to be worth it

PARTS_OF_A_SHORT_RECORDING = 6  # so that several processes have work on it
PARTS_OF_WHAT_IS_LEFT = 8  # towards the end of a longer one chunks get shorter, so that all finish together


@dataclass(frozen=True)
class Chunk:
    """A stretch of a recording, in seconds from its beginning; `start_sec` is a multiple of 0.01."""

    start_sec: float
    end_sec: float

    @property
    def audio_sec(self) -> float:
        return self.end_sec - self.start_sec


@dataclass(frozen=True)
class Lengths:
    """How long the chunks of an engine are, in seconds. Raises `ValueError` unless 0 < `target_sec` <= `max_sec`."""

    target_sec: float = 20.0
    max_sec: float = 30.0
    min_target_sec: float = 5.0  # of a short recording: not so short that the decoder misses the context
    min_late_sec: float = 9.0  # towards the end of a longer one

    def __post_init__(self) -> None:
        if not 0 < self.target_sec <= self.max_sec:
            raise ValueError(f"target_sec {self.target_sec} has to lie between 0 and max_sec {self.max_sec}")


USUAL = Lengths()


def cut(pcm: Path, lengths: Lengths = USUAL) -> list[Chunk]:
    """Cuts the PCM file into chunks of about `target_sec`, none longer than `max_sec`, without gap or overlap.

    The last `8 * target_sec` are cut finer and finer, down to `min_late_sec` a chunk; a short recording is cut into
    six, down to `min_target_sec`. Reads at most `max_sec` of sound at a time. An empty file gives no chunks.
    """
    samples = pcm.stat().st_size // BYTES_PER_SAMPLE
    if samples == 0:
        return []
    frames = -(-samples // FRAME_SAMPLES)
    with pcm.open("rb") as sound:
        cuts = list(_cut_frames(sound, frames, lengths))
    seconds = [frame / FRAMES_PER_SEC for frame in cuts] + [samples / SAMPLE_RATE]
    return [Chunk(start, end) for start, end in pairwise(seconds)]


def usual_parts(audio_sec: float, lengths: Lengths = USUAL) -> int:
    """How many chunks a recording of this length is usually cut into; more processes have nothing to do."""
    return max(1, math.ceil(audio_sec / lengths.min_target_sec - 0.5))  # one of a target and a half stays whole


def read_sound(sound: BinaryIO, chunk: Chunk, block_sec: float) -> Iterator[bytes]:
    """The PCM of `chunk` from the open file, in blocks of at most `block_sec` seconds."""
    position = round(chunk.start_sec * SAMPLE_RATE) * BYTES_PER_SAMPLE
    end = round(chunk.end_sec * SAMPLE_RATE) * BYTES_PER_SAMPLE
    sound.seek(position)
    while position < end:
        block = sound.read(min(int(block_sec * BYTES_PER_SEC) // 2 * 2, end - position))
        if not block:
            return
        position += len(block)
        yield block


def _cut_frames(sound: BinaryIO, frames: int, lengths: Lengths) -> Iterator[int]:
    """The frames at which chunks begin: 0, then each cut."""
    most, longest, shortest, finest = (
        int(seconds * FRAMES_PER_SEC)
        for seconds in (lengths.target_sec, lengths.max_sec, lengths.min_target_sec, lengths.min_late_sec)
    )
    start = 0
    least = min(max(shortest, frames // PARTS_OF_A_SHORT_RECORDING), finest)
    yield start
    while True:
        target = min(most, max(least, (frames - start) // PARTS_OF_WHAT_IS_LEFT))
        latest = max(target, min(target * 3 // 2, longest))
        if frames - start <= latest:
            return
        # leave at least a quarter of a target for the last chunk
        begin, end = start + target // 2, min(start + latest, frames - target // 4)
        start = begin + _quietest(_loudness(sound, begin, end), start + target - begin, target)
        yield start


def _loudness(sound: BinaryIO, begin: int, end: int) -> npt.NDArray[np.int64]:
    """Loudness of the frames from `begin` to before `end` in tenths of a decibel: integers, the same on every host."""
    sound.seek(begin * FRAME_BYTES)
    samples = np.frombuffer(sound.read((end - begin) * FRAME_BYTES), dtype="<i2")
    whole = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    # squared and summed a few frames at a time: a window of wide integers would stay with the process (6 MB)
    energy = np.einsum("ij,ij->i", whole, whole, dtype=np.int64) // FRAME_SAMPLES
    loudness: npt.NDArray[np.int64] = np.rint(100 * np.log10(energy + 1)).astype(np.int64)
    return loudness


def _quietest(loudness: npt.NDArray[np.int64], target_at: int, target: int) -> int:
    """The frame, counted from the window's beginning, whose surroundings are quietest, with a leaning to the target."""
    width = min(PAUSE_FRAMES, len(loudness))
    around = np.convolve(loudness, np.ones(width, dtype=np.int64), mode="same") // width
    distance = np.abs(np.arange(len(loudness)) - target_at) * DISTANCE_TENTHS_DB // target
    inner = slice(width // 2, max(width // 2 + 1, len(loudness) - width // 2))  # where the whole pause is in the window
    return int(np.argmin((around + distance)[inner])) + width // 2
