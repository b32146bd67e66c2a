"""A hundred clips of one second: what a session costs beside its recognition, against a job of stock RQ.

The product: clips uploaded through the API wait in the queue, then one worker is started. Stock RQ: `rq worker`, which
forks a work-horse for each job; that imports, loads the model and recognises. What counts is the mean time between two
completions, less what the engine itself needs for a clip, which each side is measured for.
"""

import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import mean, median

from rq import Queue
from rq.job import Job, JobStatus

from bench import recordings, running
from bench.figures import Figure, at_most
from jobs import doorbell
from jobs.engines.pocketsphinx import PocketSphinx
from jobs.media.decode import decode
from jobs.media.silences import Chunk
from store.settings import settings

ROUNDS = 3
CLIPS = 100
STOCK_CLIPS = 20
WITHIN_SEC = 300.0


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root, Postgres runs as another user
        clips = recordings.clips(folder, CLIPS)
        recognition_sec = _recognition_sec(folder, clips)
        ours: list[float] = []
        stock: list[float] = []
        with running.dashboard(folder) as (_, port), running.program(folder, "jobs.reconcile"):
            for _ in range(ROUNDS):
                ours.append(_ours(folder, port, clips) - recognition_sec)
                stock.append(_stock(clips[:: CLIPS // STOCK_CLIPS]))
            with running.program(folder, "jobs.worker"):
                alone = [_alone(port, clip) for clip in clips[:: CLIPS // STOCK_CLIPS]]
    ratios = [product / plain for product, plain in zip(ours, stock, strict=True)]
    yield at_most("overhead of a one-second session, to a job of stock RQ", median(ratios), 0.2)
    yield Figure("milliseconds of overhead, the product", 1000 * median(ours))
    yield Figure("milliseconds of overhead, stock RQ", 1000 * median(stock))
    yield Figure("milliseconds that the engine needs for a clip", 1000 * recognition_sec)
    yield Figure("milliseconds from accepted to completed, one at a time", 1000 * median(alone))


def _ours(folder: Path, port: int, clips: list[Path]) -> float:
    """Seconds between two completions of one worker that has enough to do."""
    session_ids = [running.upload(port, clip) for clip in clips]
    with running.program(folder, "jobs.worker"):
        records = running.completed(session_ids, WITHIN_SEC)
    return _between([record.finished_at for record in records])


def _alone(port: int, clip: Path) -> float:
    [record] = running.completed([running.upload(port, clip)], WITHIN_SEC)
    assert record.finished_at is not None
    return (record.finished_at - record.created_at).total_seconds()


def _stock(clips: list[Path]) -> float:
    """Seconds between two completions of a stock worker, less what its jobs say that they recognised."""
    name = f"stock-{uuid.uuid4().hex}"
    with doorbell.connection() as redis:
        queue = Queue(name, connection=redis)
        jobs = [queue.enqueue("bench.stock_job.transcribe", str(clip)) for clip in clips]
        command = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--quiet", "--url", settings().redis_url, name]
        subprocess.run(command, check=True, timeout=WITHIN_SEC)
        done = [Job.fetch(job.id, connection=redis) for job in jobs]
        for job in done:
            if job.get_status() is not JobStatus.FINISHED:
                raise RuntimeError(f"A job of stock RQ is {job.get_status()}.")
        recognised = mean(job.return_value()[1] for job in done)
        return _between([job.ended_at for job in done]) - recognised


def _between(ends: list[datetime | None]) -> float:
    known = [end for end in ends if end is not None]
    return (max(known) - min(known)).total_seconds() / (len(known) - 1)


def _recognition_sec(folder: Path, clips: list[Path]) -> float:
    """What the product's engine needs for a clip, in a process that has loaded its model."""
    engine, pcm = PocketSphinx(), folder / "clip.pcm"
    engine.preload()
    took = []
    for clip in clips:
        chunk = Chunk(0.0, decode(clip, pcm))
        begun = time.perf_counter()
        engine.transcribe(pcm, chunk, lambda _: None)
        took.append(time.perf_counter() - begun)
    return mean(took)
