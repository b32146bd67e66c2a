"""Utterances of real readers, and recordings joined from them, with what is said when.

They lie in `../shared/audio` beside the project, a sound file and its words each. Without that folder there are the
turns of the project's sample, which is synthetic.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.worlds import recordings
from jobs.media.pcm import SAMPLE_RATE

Samples = npt.NDArray[np.float32]

FOLDER = Path(__file__).parents[3] / "shared" / "audio"
SOUNDS = (".flac", ".wav")
READER = re.compile(r"[a-z]+(?=[^a-z])|\d+(?=-)|[a-z]+$", re.IGNORECASE)
ROOM = 1e-4  # deviation of the noise between utterances: no recording is digitally silent
FRAME_SEC = 0.02
TURN_PAUSE_SEC = 0.7
SAMPLED = frozenset({"coach", "client"})
QUIETER = 1e-3  # than the loudest frame, in power: what begins and ends so quiet is no speech


@dataclass(frozen=True, eq=False)
class Utterance:
    """What a reader says; `text` as it is written down."""

    name: str
    reader: str
    samples: Samples
    text: str

    @property
    def length_sec(self) -> float:
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True)
class Turn:
    """An utterance in a recording, in seconds from the recording's beginning."""

    start_sec: float
    end_sec: float
    said: Utterance


@dataclass(frozen=True)
class Joined:
    """A recording and the utterances in it."""

    samples: Samples
    turns: tuple[Turn, ...]

    @property
    def text(self) -> str:
        return " ".join(turn.said.text for turn in self.turns)


def are_real() -> bool:
    """Whether there are real readers here."""
    return any(one.reader not in SAMPLED for one in utterances())


@cache
def utterances() -> tuple[Utterance, ...]:
    """All utterances whose words are known, without the quiet at both ends."""
    found = []
    for words in sorted(FOLDER.glob("*.txt")):
        sound = next((path for suffix in SOUNDS if (path := words.with_suffix(suffix)).is_file()), None)
        if sound is not None:
            samples = trimmed(to_samples(recordings.sound(sound)))
            found.append(Utterance(words.stem, reader_of(words.stem), samples, words.read_text().strip()))
    return tuple(found) or turns_of_sample()


@cache
def turns_of_sample() -> tuple[Utterance, ...]:
    """The lines of the project's own recording, which long pauses part."""
    pieces = between_pauses(sample().samples, TURN_PAUSE_SEC)
    lines = [line.partition(": ") for line in recordings.WORDS.read_text().splitlines() if line.strip()]
    return tuple(
        Utterance(f"sample {number}", who.lower(), piece, text)
        for number, ((who, _, text), piece) in enumerate(zip(lines, pieces, strict=True), 1)
    )


@cache
def sample() -> Utterance:
    """The project's own recording, which is synthetic."""
    return Utterance("sample", "sample", to_samples(recordings.sound()), recordings.said())


def reader_of(name: str) -> str:
    """Who reads a file of this name: what stands before its numbers, or its first number."""
    found = READER.search(name)
    return found.group() if found else name


def to_samples(pcm: bytes) -> Samples:
    """PCM as numbers; full scale is 1."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)


def write(path: Path, samples: Samples) -> Path:
    """The samples as a WAV file."""
    return recordings.write(path, (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def trimmed(samples: Samples) -> Samples:
    """Without what is quiet at the beginning and at the end."""
    return between_pauses(samples, np.inf)[0]


def between_pauses(samples: Samples, pause_sec: float) -> list[Samples]:
    """The pieces that pauses of this length and longer part, without the quiet around them."""
    size = round(FRAME_SEC * SAMPLE_RATE)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    power = np.square(frames).mean(axis=1)
    loud = np.flatnonzero(power > power.max(initial=0.0) * QUIETER)
    if not len(loud):
        return [samples]
    after = np.flatnonzero(np.diff(loud) > pause_sec / FRAME_SEC)
    begins, ends = np.append(loud[0], loud[after + 1]), np.append(loud[after], loud[-1])
    return [samples[begin * size : (end + 1) * size] for begin, end in zip(begins, ends, strict=True)]


def joined(said: Sequence[Utterance], chance: random.Random, pause_sec: tuple[float, float]) -> Joined:
    """These utterances in this order, a pause of a random length before, between and after them."""
    noise = np.random.default_rng(chance.randrange(1 << 30))
    parts: list[Samples] = []
    turns: list[Turn] = []
    at = 0

    def pause() -> int:
        length = round(chance.uniform(*pause_sec) * SAMPLE_RATE)
        parts.append((ROOM * noise.standard_normal(length)).astype(np.float32))
        return length

    at += pause()
    for one in said:
        parts.append(one.samples)
        turns.append(Turn(at / SAMPLE_RATE, (at + len(one.samples)) / SAMPLE_RATE, one))
        at += len(one.samples) + pause()
    return Joined(np.concatenate(parts), tuple(turns))


def dialogue(two: Sequence[Sequence[Utterance]], turns: int, chance: random.Random) -> Joined:
    """Random utterances of two people who take turns."""
    return joined([chance.choice(two[turn % 2]) for turn in range(turns)], chance, (0.2, 1.5))


def minutes(sec: float, chance: random.Random) -> Joined:
    """Utterances of all readers with short pauses, at least so long."""
    offered = list(utterances())
    said: list[Utterance] = []
    while sum(one.length_sec for one in said) < sec:
        chance.shuffle(offered)
        said += offered
    return joined(said, chance, (0.3, 1.0))


def by_reader() -> dict[str, list[Utterance]]:
    """The utterances of each reader."""
    found: dict[str, list[Utterance]] = {}
    for one in utterances():
        found.setdefault(one.reader, []).append(one)
    return found
