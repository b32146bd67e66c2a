"""The words: wrong, invented, lost and late ones, the same ones every time, and what they cost.

Real readers come from `../shared/audio`, where it is there; else the turns of the sample, which is synthetic, stand in
for them. Recordings are joined from their utterances, so it is known what is said when. Noises, telephones and short
answers are made (bench/hearing/). The engine is the default one, asked as an attempt asks it: it also hears which
language is spoken. `BENCH_SHARE=0.05` tries it with a small share of all recordings.
"""

import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from statistics import median

import numpy as np

from bench.baselines.bare_engine import Heard, Options, Spoken, recognise_all, recognise_each
from bench.figures import Figure, at_least, at_most
from bench.hearing import readings, short_answers, speechless
from bench.hearing.comparison import Errors, errors, loops, lost_stretches, near, plain
from bench.hearing.comparison import start_differences as late
from bench.hearing.readings import Joined, Samples, Utterance
from bench.hearing.resumed import killed_and_resumed
from bench.hearing.sizes import count
from bench.hearing.telephone import telephone
from jobs.media.pcm import SAMPLE_RATE

JOINS, UTTERANCES_EACH, PAUSE_SEC = 200, 6, (0.2, 8.0)
AT_ONCE = 40  # recordings on disk
SPEECHLESS_SEEDS = (1, 2)
NOISY, NOISY_SEC, NOISY_SNR_DB = 40, 25.0, (10.0, 20.0)
BACKGROUNDS = ("white", "pink", "brown", "hum of 50 Hz", "traffic", "wind", "room", "loud room", "keyboard", "breath")
ANSWERS, ANSWERS_EACH, ANSWER_PAUSE_SEC = 10, 12, (3.0, 8.0)
CALLS, CALL_TURNS, CALL_SNR_DB = 20, 10, (6.0, 8.0, 11.0, 15.0)
KILLS, KILLED_SEC = 10, 480.0
COST_SEC, COST_ROUNDS = 180.0, 3
LOST_SEC = 2.0


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        utterances = readings.utterances()
        alone = dict(zip(utterances, _heard(folder, [one.samples for one in utterances]), strict=True))
        yield from _utterances(folder, alone)
        yield from _speechless(folder)
        joins = _Joins(alone)
        joins.measure(folder)
        yield from joins.figures()
        yield from _noisy(folder, joins.errors)
        yield from _short_answers(folder)
        yield from _calls(folder)
        yield from _the_same(folder)
        yield from _cost(folder)


def _heard(folder: Path, sounds: Sequence[Samples]) -> list[Heard]:
    """What the engine hears in each."""
    found: list[Heard] = []
    for first in range(0, len(sounds), AT_ONCE):
        paths = [
            readings.write(folder / f"{number}.wav", sound)
            for number, sound in enumerate(sounds[first : first + AT_ONCE])
        ]
        found += recognise_all(paths)
        for path in paths:
            path.unlink()
    return found


def _say(what: str, found: object) -> None:
    """For whoever wants to know what is behind a figure."""
    if found:
        print(f"    {what}: {found}", flush=True)


def _utterances(folder: Path, alone: dict[Utterance, Heard]) -> Iterator[Figure]:
    each = {one.name: errors(one.text, heard.text) for one, heard in alone.items()}
    _say("wrong words", {name: found.wrong for name, found in each.items() if found.wrong})
    whose = "real readers" if readings.are_real() else "the synthetic sample"
    rate = sum(each.values(), Errors()).rate
    yield at_most(f"word error rate, {len(each)} utterances of {whose}, each alone", rate, 0.04)
    sample = readings.sample()
    wrong = errors(sample.text, _heard(folder, [sample.samples])[0].text)
    yield at_most(f"wrong words of the sample's {wrong.said}", wrong.wrong, 0)


def _speechless(folder: Path) -> Iterator[Figure]:
    sounds = [sound for seed in SPEECHLESS_SEEDS for sound in speechless.sounds(seed)]
    chosen = sounds[: count(len(sounds))]
    invented = {
        name: heard.text
        for (name, _), heard in zip(chosen, _heard(folder, [sound for _, sound in chosen]), strict=True)
        if heard.words
    }
    _say("invented", invented)
    words = sum(len(plain(text)) for text in invented.values())
    yield at_most(f"words invented in {len(chosen)} made files of 60 s without speech", words, 0)


class _Joins:
    """Random utterances joined with pauses."""

    def __init__(self, alone: dict[Utterance, Heard]) -> None:
        self.alone = alone
        self.errors = self.parts = Errors()
        self.audio_sec = 0.0
        self.loops: list[str] = []
        self.lost: list[tuple[float, float]] = []
        self.late_sec: list[float] = []
        self.count = count(JOINS)

    def measure(self, folder: Path) -> None:
        chance = random.Random(5)
        for first in range(0, self.count, AT_ONCE):
            made = [self._made(chance) for _ in range(min(AT_ONCE, self.count - first))]
            for join, heard in zip(made, _heard(folder, [join.samples for join in made]), strict=True):
                self._compare(join, heard)

    def _made(self, chance: random.Random) -> Joined:
        said = [chance.choice([*self.alone]) for _ in range(UTTERANCES_EACH)]
        return readings.joined(said, chance, PAUSE_SEC)

    def _compare(self, join: Joined, heard: Heard) -> None:
        self.errors += errors(join.text, heard.text)
        self.audio_sec += len(join.samples) / SAMPLE_RATE
        self.loops += loops(join.text, heard.text)
        self.lost += lost_stretches(join.turns, heard.words, LOST_SEC)
        for turn in join.turns:
            alone = self.alone[turn.said]
            self.parts += errors(turn.said.text, alone.text)
            self.late_sec += late(turn, alone.words, heard.words)

    def figures(self) -> Iterator[Figure]:
        _say("loops", self.loops)
        _say("lost seconds", [round(end - start, 1) for start, end in self.lost])
        name = f"{self.count} joins ({self.audio_sec / 60:,.0f} min, {self.errors.said:,} words)"
        yield Figure(f"{name}: word error rate", self.errors.rate)
        yield Figure("word error rate of their parts, each alone", self.parts.rate)
        yield at_most("joins: word error rate less that of the parts", self.errors.rate - self.parts.rate, 0.03)
        yield at_most("joins: inserted words, share of the words", self.errors.insertion_rate, 0.015)
        yield at_most("joins: phrases three times in a row that were not said", len(self.loops), 0)
        yield at_most(f"joins: stretches of speech over {LOST_SEC:g} s without a word", len(self.lost), 0)
        yield at_most("joins: start of a word, to the utterance alone, median s", median(self.late_sec or [0.0]), 0.1)
        p90 = float(np.quantile(self.late_sec or [0.0], 0.9))
        yield at_most("joins: start of a word, to the utterance alone, p90 s", p90, 0.3)


def _noisy(folder: Path, joins: Errors) -> Iterator[Figure]:
    """Under a second of speech in much noise."""
    chance, answers = random.Random(6), short_answers.short_answers()
    files, all_errors = count(NOISY), Errors()
    said = [chance.choice(answers) for _ in range(files)]
    sounds = [_in_noise(one, BACKGROUNDS[number % len(BACKGROUNDS)], chance) for number, one in enumerate(said)]
    for one, heard in zip(said, _heard(folder, sounds), strict=True):
        found = errors(one.text, heard.text)
        all_errors += found
        _say(f"inserted beside {one.text!r}", heard.text if found.inserted else "")
    name = f"{files} made files of {NOISY_SEC:g} s of noise with under 1 s of speech"
    yield Figure(f"{name}: inserted words", all_errors.inserted)
    both = (joins + all_errors).insertion_rate
    yield at_most("inserted words in these and the joins, share of the words of both", both, 0.015)


def _in_noise(one: Utterance, background: str, chance: random.Random) -> Samples:
    noise = speechless.background(background, chance.randrange(1 << 30), NOISY_SEC)
    loudness = float(np.sqrt(np.square(one.samples).mean()))
    sound = noise * loudness * 10 ** (-chance.uniform(*NOISY_SNR_DB) / 20)
    at = chance.randrange(len(sound) - len(one.samples))
    sound[at : at + len(one.samples)] += one.samples
    return sound


def _short_answers(folder: Path) -> Iterator[Figure]:
    chance, answers = random.Random(7), short_answers.short_answers()
    joins = [
        readings.joined([chance.choice(answers) for _ in range(ANSWERS_EACH)], chance, ANSWER_PAUSE_SEC)
        for _ in range(count(ANSWERS))
    ]
    turns, kept, missed = 0, 0, list[tuple[str, str]]()
    for join, heard in zip(joins, _heard(folder, [join.samples for join in joins]), strict=True):
        for turn in join.turns:
            turns += 1
            there = " ".join(word.text for word in near(turn, heard.words))
            if plain(turn.said.text)[0] in plain(there):
                kept += 1
            else:
                missed.append((turn.said.name, there))
    _say("answers that were heard as something else", missed)
    yield at_least(f"{turns} short answers ({short_answers.source()}) in long pauses: share kept", kept / turns, 0.95)


def _calls(folder: Path) -> Iterator[Figure]:
    chance, two = random.Random(8), [*combinations(readings.by_reader().values(), 2)]
    calls = [readings.dialogue(two[number % len(two)], CALL_TURNS, chance) for number in range(count(CALLS))]
    sounds = [
        telephone(call.samples, CALL_SNR_DB[number % len(CALL_SNR_DB)], number) for number, call in enumerate(calls)
    ]
    found = Errors()
    for call, heard in zip(calls, _heard(folder, sounds), strict=True):
        found += errors(call.text, heard.text)
    yield Figure(
        f"word error rate, {len(calls)} made telephone calls (two readers, 8 kHz, µ-law, noise at 6 to 15 dB)",
        found.rate,
    )


def _the_same(folder: Path) -> Iterator[Figure]:
    chance, kills = random.Random(10), count(KILLS)
    recording = folder / "minutes.wav"
    made = readings.minutes(KILLED_SEC * kills / KILLS, chance)
    readings.write(recording, made.samples)
    one, two = (
        recognise_each([recording], Options(processes=processes, voices=False))[0].words for processes in (1, 2)
    )
    name = f"{len(made.samples) / SAMPLE_RATE / 60:.1f} min of speech"
    yield at_most(f"{name}: words or times that differ with 2 processes from those with 1", _differing(one, two), 0)
    words, killed = killed_and_resumed(recording, kills, chance)
    different = _differing(one, words)
    yield at_most(f"{name}: the same with the worker killed and the session resumed {killed} times", different, 0)
    recording.unlink()


def _differing(words: Sequence[Spoken], others: Sequence[Spoken]) -> int:
    """The words of both that the other one does not have, at that time."""
    one, other = (Counter((word.text, word.start_sec, word.end_sec) for word in each) for each in (words, others))
    return (one - other).total() + (other - one).total()


def _cost(folder: Path) -> Iterator[Figure]:
    made = readings.minutes(COST_SEC * count(100) / 100, random.Random(11))
    recording, audio_sec = readings.write(folder / "minutes.wav", made.samples), len(made.samples) / SAMPLE_RATE
    cores = len(os.sched_getaffinity(0))
    used: dict[str, list[float]] = {"pocketsphinx": [], "words": [], "speakers": []}
    for _ in range(COST_ROUNDS):
        for name, options in (
            ("pocketsphinx", Options("pocketsphinx", cores, voices=False)),
            ("words", Options(processes=cores, voices=False)),
            ("speakers", Options(processes=cores)),
        ):
            [heard] = recognise_each([recording], options)
            used[name].append(heard.cpu_sec / audio_sec)
    ratios = {
        name: median(ours / theirs for ours, theirs in zip(used[name], used["pocketsphinx"], strict=True))
        for name in ("words", "speakers")
    }
    more = median(both / words - 1 for both, words in zip(used["speakers"], used["words"], strict=True))
    speech = f"{audio_sec / 60:.1f} min of {'real' if readings.are_real() else 'synthetic'} speech"
    goals = (0.35, 0.40, 0.15) if readings.are_real() else (None, None, None)
    for name, value, most in (
        (f"{speech}: processor time without speakers, to PocketSphinx", ratios["words"], goals[0]),
        (f"{speech}: processor time with speakers, to PocketSphinx", ratios["speakers"], goals[1]),
        ("the speakers' cost, to recognition", more, goals[2]),
    ):
        yield Figure(name, value) if most is None else at_most(name, value, most)
    yield Figure("processor seconds a second of speech, PocketSphinx", median(used["pocketsphinx"]))
    yield Figure("processor seconds a second of speech, without speakers", median(used["words"]))
    yield Figure("processor seconds a second of speech, with speakers", median(used["speakers"]))
