"""Recognition on two cores against one: the product's engine, the same audio, with two processes and with one."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from pocketsphinx import Decoder

from bench.baselines.bare_engine import Heard, recognise, recognise_each
from bench.figures import Figure, at_least, at_most
from bench.worlds import recordings
from jobs.media.decode import decode
from jobs.media.pcm import BYTES_PER_SEC

ROUNDS = 3
TIMES = 4  # the sample, so that it is a recording of 200 s


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        recording = recordings.repeated(Path(folder) / "recording.wav", TIMES)
        audio_sec = recordings.audio_sec(recording)
        one: list[Heard] = []
        two: list[Heard] = []
        beside: list[float] = []
        for _ in range(ROUNDS):
            one.append(recognise(recording, 1))
            two.append(recognise(recording, 2))
            beside.append(max(found.took_sec for found in recognise_each([recording] * 2, 1, at_once=True)))
        bare = _bare(Path(folder))
    alone_sec = median(found.took_sec for found in one)
    faster = [first.took_sec / second.took_sec for first, second in zip(one, two, strict=True)]
    yield at_least(f"{audio_sec:.0f} s of audio, one process to two, time", median(faster), 1.8)
    yield Figure(
        "two engines side by side do so much more than one alone (the machine)", 2 * alone_sec / median(beside)
    )
    wrong_one, wrong_two = (recordings.word_error_rate(found[0].text, TIMES) for found in (one, two))
    yield at_most("word error rate, two processes less one", wrong_two - wrong_one, 0.005)
    yield at_most("word error rate, two processes less the bare decoder", wrong_two - bare.wrong, 0.005)
    yield Figure("word error rate, two processes", wrong_two)
    yield Figure("the bare decoder, one core, times real time", bare.times_real_time)
    yield Figure("one process, times real time", audio_sec / alone_sec)


class _Bare:
    """PocketSphinx as it comes, on the sample, which it hears as one utterance."""

    def __init__(self, times_real_time: float, wrong: float) -> None:
        self.times_real_time = times_real_time
        self.wrong = wrong


def _bare(folder: Path) -> _Bare:
    pcm = folder / "sample.pcm"
    audio_sec = decode(recordings.SAMPLE, pcm)
    took, text = [], ""
    for _ in range(ROUNDS):
        decoder = Decoder(loglevel="FATAL")
        begun = time.perf_counter()
        decoder.start_utt()
        with pcm.open("rb") as sound:
            while block := sound.read(BYTES_PER_SEC):
                decoder.process_raw(block)
        decoder.end_utt()
        took.append(time.perf_counter() - begun)
        text = decoder.hyp().hypstr if decoder.hyp() else ""
    return _Bare(audio_sec / median(took), recordings.word_error_rate(text))
