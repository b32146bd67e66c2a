"""Recognition on two cores against one: the default engine as an attempt uses it, with two processes and with one."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.baselines import bare_whisper
from bench.baselines.bare_engine import Heard, Options, recognise, recognise_each
from bench.figures import Figure, at_least, at_most
from bench.hearing.sizes import count
from bench.worlds import recordings

ROUNDS = 3
TIMES = 6  # the sample, so that it is a recording of 300 s


def measure() -> Iterator[Figure]:
    times = count(TIMES, at_least=2)
    with tempfile.TemporaryDirectory() as folder:
        recording = recordings.repeated(Path(folder) / "recording.wav", times)
        audio_sec = recordings.audio_sec(recording)
        one: list[Heard] = []
        two: list[Heard] = []
        beside: list[float] = []
        for _ in range(ROUNDS):
            one.append(recognise(recording, 1))
            two.append(recognise(recording, 2))
            at_once = recognise_each([recording] * 2, Options(processes=1), at_once=True)
            beside.append(max(found.took_sec for found in at_once))
        bare = [bare_whisper.recognise(recording) for _ in range(ROUNDS)]
    alone_sec = median(found.took_sec for found in one)
    faster = [first.took_sec / second.took_sec for first, second in zip(one, two, strict=True)]
    yield at_least(f"{audio_sec:.0f} s of audio, one process to two, time", median(faster), 1.8)
    yield Figure(
        "two engines side by side do so much more than one alone (the machine)", 2 * alone_sec / median(beside)
    )
    wrong_one, wrong_two = (recordings.word_error_rate(found[0].text, times) for found in (one, two))
    wrong_bare = recordings.word_error_rate(bare[0][1], times)
    yield at_most("word error rate, two processes less one", wrong_two - wrong_one, 0.005)
    yield at_most("word error rate, two processes less faster-whisper as it comes", wrong_two - wrong_bare, 0.005)
    yield Figure("word error rate, two processes", wrong_two)
    yield Figure("faster-whisper as it comes, one core, times real time", audio_sec / median(took for took, _ in bare))
    yield Figure("one process, speakers included, times real time", audio_sec / alone_sec)
