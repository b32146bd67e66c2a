"""Clients that poll every 5 s while both cores transcribe (goal 3): what they wait for, and what goes wrong.

The product's web process and its workers run as in production, with the niceness that they give themselves, on
recordings made of the sample. The clients keep their connections and begin at random moments.
"""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np

from bench.figures import Figure, at_most
from bench.processes.web import PRODUCT, served
from bench.status import Requests, requests
from bench.viewers.load import ask
from bench.worlds import status_world
from bench.worlds.status_world import LOCAL
from jobs import doorbell, retry_cancel
from jobs.policy import local_person
from jobs.sample import SAMPLE
from jobs.submit import Wishes, examine, submit
from store.audio import audio_store, object_key
from store.database import transaction
from store.session_queries import with_status
from store.states import Status
from tests.instruments.desk import wav
from tests.instruments.waiting import wait_until

CLIENTS = (20, 100, 200, 1000)
EVERY_SEC, SECONDS = 5.0, 26.0
WORKERS, RECORDINGS, MINUTES = 2, 6, 12  # more than both cores get done meanwhile
START_SEC = 120.0


def measure() -> Iterator[Figure]:
    status_world.make(moving=False)
    try:
        with served(PRODUCT) as port, _transcribing() as ids:
            own: Requests = [(f"/api/v1/sessions/{session_id}/status", {}) for session_id in ids]
            polled = requests(status_world.asked(LOCAL))[: max(CLIENTS)] + own * 20
            yield from _phases(port, polled)
    finally:
        status_world.remove()


def _phases(port: int, polled: Requests) -> Iterator[Figure]:
    ask(port, polled, 4, 1.0)
    half: dict[int, float] = {}
    for clients in CLIENTS:
        outcome = ask(port, polled, clients, SECONDS, every_sec=EVERY_SEC)
        with transaction() as db:
            if not with_status(db, Status.PROCESSING):
                raise RuntimeError("nothing was transcribed meanwhile")
        wrong = outcome.errors + sum(count for status, count in outcome.statuses.items() if status != "200")
        half[clients] = outcome.quantile_ms(0.5)
        yield Figure(f"{clients:,} clients, {outcome.answers:,} polls: median ms", half[clients])
        yield at_most(f"{clients:,} clients: p99 ms", outcome.quantile_ms(0.99), 100)
        yield at_most(f"{clients:,} clients: errors", wrong, 0)
    yield at_most("median at 200 clients to that at 20", half[200] / half[20], 1.5)


@contextmanager
def _transcribing() -> Iterator[list[uuid.UUID]]:
    """Recordings that the product's own workers are busy with."""
    ids = [_recording(number) for number in range(RECORDINGS)]
    with ExitStack() as running:
        for _ in range(WORKERS):
            command = [sys.executable, "tools/leash.py", sys.executable, "-m", "jobs.worker"]
            worker = subprocess.Popen(command, env=os.environ | {"LOG_LEVEL": "WARNING"})
            running.callback(worker.wait)
            running.callback(worker.kill)  # the leash takes everything along
        doorbell.ring()
        doorbell.ring()
        wait_until(_all_busy, START_SEC)
        yield ids
    person = local_person()
    with transaction() as db:
        left = [record.id for record in with_status(db, Status.PENDING, Status.PROCESSING)]
    for session_id in left:
        retry_cancel.cancel(session_id, person=person)
    for session_id in ids:
        retry_cancel.delete(session_id, person=person)


def _all_busy() -> bool:
    with transaction() as db:
        return sum(record.duration_processed > 0 for record in with_status(db, Status.PROCESSING)) == WORKERS


def _recording(number: int) -> uuid.UUID:
    """The sample again and again, submitted like any other file."""
    person, session_id, name = local_person(), uuid.uuid4(), f"long-{number}.wav"
    samples = _sample()
    times = MINUTES * 60 * 16_000 // len(samples) + 1
    with audio_store().write(object_key(person.account_id, session_id, name)) as writer:
        writer.write(wav(np.tile(samples, times).tobytes()))
        stored = writer.finish()
    recording = examine(stored, session_id=session_id, owner=person.account_id, filename=name)
    submit(recording, Wishes(title="Benchmark"), person=person)
    return session_id


def _sample() -> "np.ndarray":
    """16 kHz mono samples."""
    import av

    with av.open(str(SAMPLE)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        frames = [made for frame in container.decode(audio=0) for made in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])
