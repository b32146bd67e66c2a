"""Clients that poll every 5 s while both cores transcribe (goal 3): what they wait for, and what goes wrong.

The product's web process and its workers run as in production, with the niceness that they give themselves, on
recordings made of the sample. The clients keep their connections and begin at random moments.
"""

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.figures import Figure, at_most
from bench.processes.uploading import upload
from bench.processes.web import Served, served
from bench.status import Requests, requests
from bench.viewers.load import ask
from bench.worlds import recordings, status_world
from bench.worlds.status_world import LOCAL
from jobs import doorbell, retry_cancel
from jobs.policy import local_person
from store.database import transaction
from store.session_queries import with_status
from store.states import Status
from tests.instruments.waiting import wait_until

CLIENTS = (20, 100, 200, 1000)
EVERY_SEC, SECONDS = 5.0, 26.0
WORKERS, RECORDINGS = 2, 6
TIMES = 14  # the sample, so that both cores have more to do than they get done
START_SEC = 120.0


def measure() -> Iterator[Figure]:
    status_world.make(moving=False)
    try:
        with served() as web, _transcribing(web) as ids:
            own: Requests = [(f"/api/v1/sessions/{session_id}/status", {}) for session_id in ids]
            polled = requests(status_world.asked(LOCAL))[: max(CLIENTS)] + own * 20
            yield from _phases(web.port, polled)
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
def _transcribing(web: Served) -> Iterator[list[uuid.UUID]]:
    """Recordings that the product's own workers are busy with."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        recording = recordings.repeated(folder / "recording.wav", TIMES)
        ids = [upload(web.port, recording) for _ in range(RECORDINGS)]
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
