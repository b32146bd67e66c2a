"""A hundred clips of one second: what a session costs beside its recognition, against a job of stock RQ.

The product: clips uploaded through the API wait in the queue, then one worker is started. Stock RQ: `rq worker`, which
forks a work-horse for each job; that imports, loads the model and recognises. What counts is the mean time between two
completions, less what the engine itself needs for a clip, which each side is measured for.

Both sides recognise with PocketSphinx, not with the default engine: a call of Whisper takes as long for a second as for
half a minute, so that what is measured here would be lost in it.
"""

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import mean, median

from redis import Redis
from rq import Queue
from rq.job import Job, JobStatus

from bench.figures import Figure, at_most
from bench.processes.place import Place, place
from bench.processes.uploading import upload
from bench.worlds import recordings
from jobs.engines import registry
from jobs.engines.protocol import Wanted
from jobs.media.decode import decode
from jobs.media.silences import cut

ENGINE = "pocketsphinx"
ROUNDS = 3
CLIPS = 100
STOCK_CLIPS = 20
WITHIN_SEC = 300.0


def measure() -> Iterator[Figure]:
    with place() as here:
        clips = recordings.clips(here.folder, CLIPS)
        fewer = clips[:: CLIPS // STOCK_CLIPS]
        recognised: list[float] = []
        ours: list[float] = []
        stock: list[float] = []
        with here.dashboard() as web, here.program("jobs.reconcile"):
            for _ in range(ROUNDS):
                recognised.append(_recognition_sec(here.folder, clips))
                ours.append(_ours(here, web.port, clips))
                stock.append(_stock(here, fewer))
            with here.program("jobs.worker"):
                alone = [
                    here.completed([upload(web.port, clip, engine=ENGINE)], WITHIN_SEC)[0].took_sec for clip in fewer
                ]
    overheads = [between - needed for between, needed in zip(ours, recognised, strict=True)]
    ratios = [product / plain for product, plain in zip(overheads, stock, strict=True)]
    yield at_most("overhead of a one-second session, to a job of stock RQ", median(ratios), 0.2)
    yield Figure("milliseconds of overhead, the product", 1000 * median(overheads))
    yield Figure("milliseconds of overhead, stock RQ", 1000 * median(stock))
    yield Figure("milliseconds that the engine needs for a clip", 1000 * median(recognised))
    yield Figure("milliseconds from accepted to completed, one at a time", 1000 * median(alone))


def _ours(here: Place, port: int, clips: list[Path]) -> float:
    """Seconds between two completions of one worker that has enough to do."""
    session_ids = [upload(port, clip, engine=ENGINE) for clip in clips]
    with here.program("jobs.worker"):
        return _between([session.finished_at for session in here.completed(session_ids, WITHIN_SEC)])


def _stock(here: Place, clips: list[Path]) -> float:
    """Seconds between two completions of a stock worker, less what its jobs say that they recognised."""
    name, url = f"stock-{uuid.uuid4().hex}", here.environment["REDIS_URL"]
    with Redis.from_url(url) as redis:
        queue = Queue(name, connection=redis)
        jobs = [queue.enqueue("bench.baselines.stock_job.transcribe", str(clip)) for clip in clips]
        command = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--quiet", "--url", url, name]
        subprocess.run(command, check=True, timeout=WITHIN_SEC)
        done = [Job.fetch(job.id, connection=redis) for job in jobs]
        for job in done:
            if job.get_status() is not JobStatus.FINISHED:
                raise RuntimeError(f"A job of stock RQ is {job.get_status()}.")
        recognised: float = mean((job.return_value() or ("", 0.0))[1] for job in done)
        return _between([job.ended_at for job in done if job.ended_at is not None]) - recognised


def _between(ends: list[datetime]) -> float:
    return (max(ends) - min(ends)).total_seconds() / (len(ends) - 1)


def _recognition_sec(folder: Path, clips: list[Path]) -> float:
    """What the product's engine needs for a clip, in a recognising process that stands ready."""
    engine, pcm = registry.in_process(ENGINE), folder / "clip.pcm"
    engine.preload()
    took = []
    with engine.recogniser(1) as recogniser:
        for clip in clips:
            chunks = cut(pcm, engine.lengths) if decode(clip, pcm) else []
            begun = time.perf_counter()
            for _ in recogniser.recognise(pcm, chunks, Wanted()):
                pass
            took.append(time.perf_counter() - begun)
    return mean(took)
