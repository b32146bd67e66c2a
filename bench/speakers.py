"""Two speakers told apart: words with the right speaker, whether one voice is taken for one, and what it costs.

Dialogues are joined from readers of real speech and from the synthetic sample (bench/worlds/dialogues.py). The engine
recognises them once: its words do not change, and are kept in var/. Telephones and stereo recordings are made of
the same dialogues.
"""

import hashlib
import json
import multiprocessing
import tempfile
import time
import wave
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

import numpy as np

from bench.figures import Figure, at_least, at_most
from bench.worlds import dialogues
from bench.worlds.dialogues import Dialogue, Sound
from jobs.engines.protocol import Segment, Voices, Wanted
from jobs.engines.whisper import weights
from jobs.engines.whisper.engine import Whisper
from jobs.media.channel_levels import read_levels
from jobs.media.decode import decode
from jobs.media.pcm import SAMPLE_RATE
from jobs.media.silences import Chunk, cut
from jobs.speakers.channels import by_channel
from jobs.speakers.encoder import Encoder
from jobs.speakers.relabel import spoken
from jobs.speakers.turns import Turns, tell_apart
from jobs.speakers.windows import voices_of

WORDS = Path("var/bench-speakers")
SEEDS = (1, 2)
DIALOGUE_SEC = 45.0
ROUNDS = 3
CROSSTALK = 0.1  # of the other's sound in a channel: 20 dB below


def measure() -> Iterator[Figure]:
    # in a process of its own: a model that was loaded before a fork hangs in the child
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        yield from process.submit(_figures).result()


@dataclass(frozen=True)
class _Told:
    name: str
    outcome: str
    right: float  # the share of words with their speaker, had the outcome been `voices`


def _figures() -> list[Figure]:
    readers, whisper = dialogues.readers(), Whisper()
    encoder = Encoder(weights.speaker_encoder())
    sample = dialogues.sample()
    segments = _recognised(whisper, sample)
    found = [at_least("the sample, words with their speaker", _told(encoder, sample, segments).right, 1.0)]
    found += _cost(whisper, encoder, sample.sound)
    found.append(at_most("an hour of voices, CPU s to tell them apart", _hour(encoder, sample, segments), 2.0))
    if not readers:
        return found
    joined = [(one, _recognised(whisper, one)) for one in dialogues.joined(readers, SEEDS, DIALOGUE_SEC)]
    alone = [(one, _recognised(whisper, one)) for one in dialogues.alone(readers, SEEDS, DIALOGUE_SEC)]
    for name, made in (("", _as_it_is), (", by telephone (made)", dialogues.telephone)):
        two = [_told(encoder, made(one), segments) for one, segments in joined]
        one_voice = [_told(encoder, made(one), segments) for one, segments in alone]
        goal = 0 if name else 0.97
        right = [one.right for one in two]
        found += [
            _figure(f"{len(two)} dialogues of two readers{name}, words with their speaker", fmean(right), goal),
            Figure(f"the worst of them{name}", min(right)),
            _figure(f"dialogues known as two voices{name}", _share(two, "voices"), 0 if name else 0.95),
            _figure(f"{len(one_voice)} monologues known as one voice{name}", _share(one_voice, "one"), 0.9),
            at_most(f"monologues taken for two voices{name}", _share(one_voice, "voices"), 0.05),
        ]
    stereo = [_of_channels(one, segments) for one, segments in joined]
    found.append(at_least("one speaker a channel (made), words with their speaker", fmean(stereo), 0.99))
    return found


def _as_it_is(dialogue: Dialogue) -> Dialogue:
    return dialogue


def _figure(name: str, value: float, goal: float) -> Figure:
    return at_least(name, value, goal) if goal else Figure(name, value)


def _share(told: Sequence[_Told], outcome: str) -> float:
    return Counter(one.outcome for one in told)[outcome] / len(told)


def _told(encoder: Encoder, dialogue: Dialogue, segments: list[Segment]) -> _Told:
    turns = tell_apart(_voices(encoder, dialogue.sound, segments), segments)
    return _Told(dialogue.name, turns.outcome, _right(dialogue, segments, turns))


def _right(dialogue: Dialogue, segments: list[Segment], turns: Turns) -> float:
    """The share of words with their speaker, whoever is number one; without labels all words are one speaker's."""
    truth = [dialogue.speaker_at((word.start_sec + word.end_sec) / 2) for word in spoken(segments)]
    labels = turns.labels or (1,) * len(truth)
    same = fmean((label == 2) == (speaker == 1) for label, speaker in zip(labels, truth, strict=True))
    return max(same, 1 - same)


def _voices(encoder: Encoder, sound: Sound, segments: list[Segment]) -> list[Voices]:
    """As the engine makes them, chunk by chunk."""
    voices = []
    with tempfile.TemporaryDirectory() as folder:
        for chunk in _chunks(sound, Path(folder) / "sound.pcm"):
            inside = [one for one in segments if chunk.start_sec <= one.start_sec < chunk.end_sec]
            voices.append(voices_of(encoder, _samples(sound, chunk), chunk.start_sec, inside))
    return voices


def _samples(sound: Sound, chunk: Chunk) -> Sound:
    return sound[round(chunk.start_sec * SAMPLE_RATE) : round(chunk.end_sec * SAMPLE_RATE)]


def _chunks(sound: Sound, pcm: Path) -> list[Chunk]:
    pcm.write_bytes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return cut(pcm, Whisper.lengths)


def _recognised(whisper: Whisper, dialogue: Dialogue) -> list[Segment]:
    """What the engine hears, once."""
    kept = WORDS / f"{hashlib.sha256(dialogue.sound.tobytes()).hexdigest()[:16]}-{weights.find().model}.json"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as folder:
            pcm = Path(folder) / "sound.pcm"
            heard = [_transcribed(whisper, pcm, chunk) for chunk in _chunks(dialogue.sound, pcm)]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps([one.to_json() for segments in heard for one in segments]))
    return [Segment.from_json(one) for one in json.loads(kept.read_text())]


def _transcribed(whisper: Whisper, pcm: Path, chunk: Chunk) -> tuple[Segment, ...]:
    return whisper.transcribe(pcm, chunk, Wanted(language="en"), lambda _: None).segments


def _cost(whisper: Whisper, encoder: Encoder, sound: Sound) -> list[Figure]:
    """CPU of the voices to that of the words, in turns."""
    ratios, each = [], []
    with tempfile.TemporaryDirectory() as folder:
        pcm = Path(folder) / "sound.pcm"
        chunks = _chunks(sound, pcm)
        for _ in range(ROUNDS):
            begun = time.process_time()
            heard = [_transcribed(whisper, pcm, chunk) for chunk in chunks]
            between = time.process_time()
            for chunk, segments in zip(chunks, heard, strict=True):
                voices_of(encoder, _samples(sound, chunk), chunk.start_sec, segments)
            ended = time.process_time()
            ratios.append((ended - between) / (between - begun))
            each.append((ended - between) / (len(sound) / SAMPLE_RATE))
    return [
        at_most("voices to words, CPU", median(ratios), 0.15),
        Figure("voices, CPU s per s of sound", median(each)),
    ]


def _hour(encoder: Encoder, dialogue: Dialogue, segments: list[Segment]) -> float:
    """CPU seconds for the turns of the dialogue, over and over."""
    length = len(dialogue.sound) / SAMPLE_RATE
    once = _voices(encoder, dialogue.sound, segments)
    times = [number * length for number in range(int(3600 / length) + 1)]
    voices = [Voices(one.at_sec + later, one.vectors) for later in times for one in once]
    words = [segment.shifted(later) for later in times for segment in segments]
    begun = time.process_time()
    tell_apart(voices, words)
    return time.process_time() - begun


def _of_channels(dialogue: Dialogue, segments: list[Segment]) -> float:
    """The share of words with their speaker where each has a channel, and is heard a little in the other."""
    edges = [round(start * SAMPLE_RATE) for start, _ in dialogue.turns] + [len(dialogue.sound)]
    who = np.repeat([speaker for _, speaker in dialogue.turns], np.diff(edges))
    channels = np.stack([np.where(who == own, dialogue.sound, CROSSTALK * dialogue.sound) for own in (0, 1)], axis=1)
    with tempfile.TemporaryDirectory() as folder:
        recording, levels = Path(folder) / "talk.wav", Path(folder) / "sound.levels"
        with wave.open(str(recording), "wb") as target:
            target.setnchannels(2)
            target.setsampwidth(2)
            target.setframerate(SAMPLE_RATE)
            target.writeframes((np.clip(channels, -1, 1) * 32767).astype("<i2").tobytes())
        decode(recording, Path(folder) / "sound.pcm", levels=levels)
        labels = by_channel(segments, read_levels(levels))
    truth = [dialogue.speaker_at((word.start_sec + word.end_sec) / 2) + 1 for word in spoken(segments)]
    return fmean(label == speaker for label, speaker in zip(labels, truth, strict=True))
