"""From an accepted upload to the finished transcript, on all that `make run` starts, against the bare engine.

The bare engine decodes, cuts and recognises the same recording with the same processes at the same priority, while
nothing of the desk runs. The desk has started when the clock runs, and has nothing else to do.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench import recordings, running
from bench.bare_engine import recognise
from bench.figures import Figure, at_most

ROUNDS = 3
TIMES = 12  # the sample, so that it is a recording of ten minutes
WITHIN_SEC = 900.0


def measure() -> Iterator[Figure]:
    processes = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root, Postgres runs as another user
        recording = recordings.repeated(folder / "recording.wav", TIMES)
        audio_sec = recordings.audio_sec(recording)
        bare: list[float] = []
        whole: list[float] = []
        for _ in range(ROUNDS):
            bare.append(recognise(recording, processes).took_sec)
            whole.append(_whole_way(folder, recording))
    ratios = [ours / engine for ours, engine in zip(whole, bare, strict=True)]
    yield at_most(f"{audio_sec / 60:.1f} min of audio, accepted to completed, to the bare engine", median(ratios), 1.05)
    yield Figure("seconds from accepted to completed", median(whole))
    yield Figure("seconds of the bare engine", median(bare))


def _whole_way(folder: Path, recording: Path) -> float:
    """Seconds from the commit that lets the upload be acknowledged to the one that completes the session."""
    with running.desk(folder) as port:
        [record] = running.completed([running.upload(port, recording)], WITHIN_SEC)
        assert record.finished_at is not None  # it is completed
        return (record.finished_at - record.created_at).total_seconds()
