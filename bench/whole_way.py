"""From an accepted upload to the finished transcript, on all that `make run` starts, against the bare engine.

The bare engine decodes and cuts the same recording, hears its language, recognises it and tells its two voices apart,
with the same processes at the same priority, while nothing of the desk runs. The desk has started when the clock runs,
and has nothing else to do.
"""

import os
from collections.abc import Iterator
from statistics import median

from bench.baselines.bare_engine import recognise
from bench.figures import Figure, at_most
from bench.hearing.sizes import count
from bench.processes.place import place
from bench.processes.uploading import upload
from bench.worlds import recordings

ROUNDS = 3
TIMES = 12  # the sample, so that it is a recording of ten minutes
WITHIN_SEC = 900.0


def measure() -> Iterator[Figure]:
    processes = len(os.sched_getaffinity(0))
    with place() as here:
        recording = recordings.repeated(here.folder / "recording.wav", count(TIMES))
        audio_sec = recordings.audio_sec(recording)
        bare: list[float] = []
        whole: list[float] = []
        for _ in range(ROUNDS):
            bare.append(recognise(recording, processes).took_sec)
            with here.desk() as port:
                [session] = here.completed([upload(port, recording)], WITHIN_SEC)
            whole.append(session.took_sec)
    ratios = [ours / engine for ours, engine in zip(whole, bare, strict=True)]
    yield at_most(f"{audio_sec / 60:.1f} min of audio, accepted to completed, to the bare engine", median(ratios), 1.05)
    yield Figure("seconds from accepted to completed", median(whole))
    yield Figure("seconds of the bare engine", median(bare))
