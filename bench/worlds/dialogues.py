"""Dialogues with a known speaker at any time: joined from readers of real speech, and the synthetic sample.

The readers' recordings are not part of the project; without them there is the sample alone.
"""

import random
import tempfile
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.worlds.recordings import SAMPLE, WORDS
from jobs.media.decode import decode
from jobs.media.pcm import SAMPLE_RATE

READERS_FOLDER = Path(__file__).parents[3] / "shared" / "audio"
READERS = {
    "Austen": "sense_and_sensibility-*.wav",
    "Ljspeech": "LJ050-*.flac",
    "Libri2412": "2412-*.flac",
    "Libri1088": "libri-1088-*.flac",
    "Kennedy": "jfk.flac",
}
SPEECH_LEVEL = 0.05  # RMS that every reader is brought to, so that loudness alone tells nobody apart
UTTERANCE_SEC = 1.0  # at least; shorter pieces join their neighbour
PAUSE_SEC = 0.1  # quiet for so long, a recording is cut into utterances
FRAME = SAMPLE_RATE // 100

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Dialogue:
    """Sound of 16 kHz, and who speaks from which time on: (seconds, 0 or 1), the first at 0."""

    name: str
    sound: Sound
    turns: tuple[tuple[float, int], ...]
    kind: str = "joined"

    def speaker_at(self, at_sec: float) -> int:
        return self.turns[bisect([start for start, _ in self.turns], at_sec) - 1][1]


def readers() -> dict[str, list[Sound]]:
    """The utterances of each reader; empty without their recordings."""
    found = {name: sorted(READERS_FOLDER.glob(pattern)) for name, pattern in READERS.items()}
    return {
        name: [piece for file in files for piece in _utterances(read(file))] for name, files in found.items() if files
    }


def joined(voices: dict[str, list[Sound]], seeds: Sequence[int], least_sec: float) -> Iterator[Dialogue]:
    """For every pair of readers and each seed a dialogue of random turns with pauses of 0.2 to 1 s."""
    for first, second in combinations(sorted(voices), 2):
        for seed in seeds:
            yield _join(f"{first}-{second}-{seed}", [voices[first], voices[second]], seed, least_sec)


def alone(voices: dict[str, list[Sound]], seeds: Sequence[int], least_sec: float) -> Iterator[Dialogue]:
    """For every reader and each seed a monologue."""
    for name in sorted(voices):
        for seed in seeds:
            yield replace(_join(f"{name}-{seed}", [voices[name]], seed, least_sec), kind="alone")


def sample() -> Dialogue:
    """The project's own, whose turns are told by its text: each line's share of the words, moved to a pause."""
    sound = read(SAMPLE)
    lines = WORDS.read_text().split("\n")
    spoken = [(0 if line.startswith("Coach") else 1) for line in lines if line.strip()]
    quiet = _pauses(sound, len(spoken) - 1)
    return Dialogue("sample", sound, tuple(zip([0.0, *quiet], spoken, strict=True)), "sample")


def telephone(dialogue: Dialogue) -> Dialogue:
    """The same over a telephone: 300 to 3,400 Hz, 8-bit mu-law, and noise 25 dB below the speech."""
    chance = np.random.default_rng(len(dialogue.sound))
    spectrum = np.fft.rfft(dialogue.sound)
    frequencies = np.fft.rfftfreq(len(dialogue.sound), 1 / SAMPLE_RATE)
    spectrum[(frequencies < 300) | (frequencies > 3400)] = 0
    narrow = np.fft.irfft(spectrum, len(dialogue.sound))
    narrow += chance.normal(size=len(narrow)) * SPEECH_LEVEL * 10 ** (-25 / 20)
    loud = np.clip(narrow, -1, 1)
    code = np.rint(np.sign(loud) * np.log1p(255 * np.abs(loud)) / np.log(256) * 127) / 127
    heard = np.sign(code) * ((1 + 255) ** np.abs(code) - 1) / 255
    return replace(dialogue, name=f"{dialogue.name}, telephone", sound=heard.astype(np.float32), kind="telephone")


def read(file: Path) -> Sound:
    """The samples of a recording, full scale is 1."""
    with tempfile.TemporaryDirectory() as folder:
        pcm = Path(folder) / "sound.pcm"
        decode(file, pcm)
        return np.fromfile(pcm, dtype="<i2").astype(np.float32) / 32768


def _join(name: str, voices: list[list[Sound]], seed: int, least_sec: float) -> Dialogue:
    chance = random.Random(f"{name} {seed}")
    left: list[list[Sound]] = [[] for _ in voices]
    parts: list[Sound] = []
    turns: list[tuple[float, int]] = []
    speaker, samples = chance.randrange(len(voices)), 0
    while samples < least_sec * SAMPLE_RATE:
        turns.append((samples / SAMPLE_RATE, speaker))
        for _ in range(chance.choice((1, 1, 2, 3))):
            if not left[speaker]:
                left[speaker] = chance.sample(voices[speaker], len(voices[speaker]))
            pause = np.zeros(int(chance.uniform(0.2, 1.0) * SAMPLE_RATE), dtype=np.float32)
            half = len(pause) // 2
            parts += [pause[:half], left[speaker].pop(), pause[half:]]
            samples += len(parts[-2]) + len(pause)
        speaker = (speaker + 1) % len(voices)
    sound = np.concatenate(parts)
    sound += np.random.default_rng(seed).normal(size=len(sound)).astype(np.float32) * 1e-4
    return Dialogue(name, sound, tuple(turns))


def _utterances(sound: Sound) -> list[Sound]:
    """The recording cut at its pauses, at the level of all others."""
    sound = sound * (SPEECH_LEVEL / float(np.sqrt(np.mean(sound**2))))
    level = _levels(sound)
    quiet = level < np.percentile(level, 95) * 0.1
    frames, cuts, start = len(level), [0], None
    for at in range(frames + 1):
        if at < frames and quiet[at]:
            start = at if start is None else start
        elif start is not None:
            middle = (start + at) // 2
            if at - start >= PAUSE_SEC * 100 and (middle - cuts[-1]) / 100 >= UTTERANCE_SEC:
                cuts.append(middle)
            start = None
    if (frames - cuts[-1]) / 100 < UTTERANCE_SEC and len(cuts) > 1:
        cuts.pop()
    return [sound[begin * FRAME : end * FRAME] for begin, end in pairwise([*cuts, frames])]


def _pauses(sound: Sound, count: int) -> list[float]:
    """The middles of the longest pauses, in order, in seconds."""
    quiet = _levels(sound) < 0.002
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet, [0]])))
    stretches = [(start, end) for start, end in edges.reshape(-1, 2) if start > 0 and end < len(quiet)]
    longest = sorted(sorted(stretches, key=lambda stretch: stretch[0] - stretch[1])[:count])
    return [float(start + end) / 200 for start, end in longest]


def _levels(sound: Sound) -> npt.NDArray[np.float64]:
    whole = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return np.sqrt(np.mean(whole.astype(np.float64) ** 2, axis=1))
