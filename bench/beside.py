"""What people who watch cost a transcription: the same recording alone, and beside 100 pollers and 20 dashboards.

A real worker recognises it on all cores. The viewers are a process of their own on the same machine, as a benchmark has
no other, and in the product they are elsewhere: with all cores busy, a second of processor time that it uses delays the
recording by a second over the number of cores, and so much is taken from the time beside viewers.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from sqlalchemy import text

from bench.figures import Figure, at_most
from bench.processes.uploading import upload
from bench.processes.web import Served, served
from bench.viewers.dashboards import Viewers
from bench.worlds import recordings
from bench.worlds.five_cards import FiveCards, registered_workers
from store.database import transaction
from store.session_queries import SessionRecord, by_id
from store.states import FINAL, Status
from tests.instruments.waiting import wait_until

OWNER = "bench-beside"
POLLERS, DASHBOARDS = 100, 20
TIMES = 3  # the sample, so that it is a recording of 150 s
ROUNDS = 3
WITHIN_SEC, LOOK_SEC = 300.0, 0.1
UNLIMITED = {
    "RATE_LIMIT_PER_MINUTE": "1000000",
    "UPLOADS_PER_MINUTE": "1000000",
}


def measure() -> Iterator[Figure]:
    cores = len(os.sched_getaffinity(0))
    alone: list[float] = []
    beside: list[float] = []
    used: list[float] = []
    errors: list[str] = []
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        running.enter_context(registered_workers())
        cards = running.enter_context(FiveCards(OWNER))
        web = running.enter_context(served(settings={"OWNER": OWNER, **UNLIMITED}))
        running.enter_context(_worker())
        _leave_waiting(cards)
        recording = recordings.repeated(folder / "recording.wav", TIMES)
        _took_sec(web, recordings.repeated(folder / "short.wav", 1))  # the first one warms the caches
        for _ in range(ROUNDS):
            alone.append(_took_sec(web, recording))
            with Viewers(web.address) as people:
                people.poll(POLLERS, [f"/api/v1/sessions/{session_id}/status" for session_id in cards.ids])
                people.open(DASHBOARDS, 5.0)
                people.seen()
                before = people.cpu_sec()
                beside.append(_took_sec(web, recording))
                used.append(people.cpu_sec() - before)
                errors += people.seen().errors
    corrected = [took - cpu / cores for took, cpu in zip(beside, used, strict=True)]
    yield Figure("transcribed alone, s", median(alone))
    yield Figure("beside viewers, the load generator's processor time taken off, s", median(corrected))
    yield Figure("processor time of the load generator meanwhile, s", median(used))
    yield at_most(
        f"slowed down by {POLLERS} pollers and {DASHBOARDS} dashboards", median(corrected) / median(alone), 1.10
    )
    yield Figure("the same without taking anything off", median(beside) / median(alone))
    yield at_most("errors", float(len(errors)), 0.0)


def _took_sec(web: Served, recording: Path) -> float:
    """Seconds from the claim of this recording, uploaded now, to its completion."""
    session_id = upload(web.port, recording, priority="high")

    def ended() -> SessionRecord | None:
        with transaction() as db:
            record = by_id(db, session_id)
        return record if record is not None and record.status in FINAL else None

    record = wait_until(ended, WITHIN_SEC, LOOK_SEC)
    if record.status is not Status.COMPLETED or record.started_at is None or record.finished_at is None:
        raise RuntimeError(f"The recording could not be transcribed: {record.error_text}")
    return (record.finished_at - record.started_at).total_seconds()


@contextmanager
def _worker() -> Iterator[None]:
    worker = subprocess.Popen([sys.executable, "-m", "jobs.worker"])
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def _leave_waiting(cards: FiveCards) -> None:
    """The two that wait have no audio: no worker may take them."""
    with transaction() as db:
        later = "UPDATE session SET next_run_at = now() + interval '1 day' WHERE owner = :owner AND status = :state"
        db.execute(text(later), {"owner": cards.owner, "state": Status.PENDING})
