"""What people who watch cost a transcription: the same recording alone, and beside 100 pollers and 20 dashboards.

A real worker recognises it on all cores. The viewers are a process of their own on the same machine, as a benchmark has
no other, and in the product they are elsewhere: with all cores busy, a second of processor time that it uses delays the
recording by a second over the number of cores, and so much is taken from the time beside viewers.
"""

import os
import subprocess
import sys
import tempfile
import time
import uuid
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from sqlalchemy import text

from bench.figures import Figure, at_most
from bench.processes.web_process import served
from bench.viewers.dashboards import Viewers
from bench.worlds.five_cards import FiveCards, registered_workers
from jobs.media.decode import decode
from jobs.media.pcm import BYTES_PER_SEC
from jobs.policy import local_person
from jobs.sample import SAMPLE
from jobs.submit import Wishes, examine, submit
from store.audio import audio_store, object_key
from store.database import transaction
from store.session_queries import by_id
from store.settings import settings
from store.states import FINAL, Status

OWNER = "bench-beside"
POLLERS, DASHBOARDS = 100, 20
AUDIO_SEC = 150
ROUNDS = 3
WITHIN_SEC = 300.0
UNLIMITED = {"RATE_LIMIT_PER_MINUTE": "1000000"}  # all pollers come from one address here


def measure() -> Iterator[Figure]:
    os.environ["OWNER"] = OWNER
    settings.cache_clear()
    recording = _recording()
    cores = len(os.sched_getaffinity(0))
    alone: list[float] = []
    beside: list[float] = []
    used: list[float] = []
    errors: list[str] = []
    with registered_workers(), FiveCards(OWNER) as cards, served(OWNER=OWNER, **UNLIMITED) as web, _worker():
        _leave_waiting(cards)
        _took_sec(_shortened(recording))  # the first one warms the caches
        for _ in range(ROUNDS):
            alone.append(_took_sec(recording))
            with Viewers(web.address) as people:
                people.poll(POLLERS, [f"/api/v1/sessions/{session_id}/status" for session_id in cards.ids])
                people.open(DASHBOARDS, 5.0)
                people.seen()
                before = people.cpu_sec()
                beside.append(_took_sec(recording))
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


def _took_sec(recording: bytes) -> float:
    """Seconds from the claim of this recording, uploaded now, to its completion."""
    person, session_id = local_person(), uuid.uuid4()
    with audio_store().write(object_key(OWNER, session_id, "bench.wav")) as writer:
        writer.write(recording)
        stored = writer.finish()
    heard = examine(stored, session_id=session_id, owner=OWNER, filename="bench.wav")
    submit(heard, Wishes(title="Beside viewers", priority="high"), person=person)
    deadline = time.monotonic() + WITHIN_SEC
    while True:
        with transaction() as db:
            record = by_id(db, session_id)
        if record is None or time.monotonic() > deadline:
            raise RuntimeError("The recording was not transcribed in time.")
        if record.status in FINAL:
            break
        time.sleep(0.1)
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


def _recording() -> bytes:
    """The sample over and over, as a WAV file."""
    with tempfile.TemporaryDirectory() as folder:
        pcm = Path(folder) / "sample.pcm"
        decode(SAMPLE, pcm)
        sound = pcm.read_bytes()
    whole = sound * (AUDIO_SEC * BYTES_PER_SEC // len(sound) + 1)
    return _wav(whole[: AUDIO_SEC * BYTES_PER_SEC])


def _shortened(recording: bytes) -> bytes:
    return _wav(recording[44 : 44 + 10 * BYTES_PER_SEC])


def _wav(samples: bytes) -> bytes:
    with tempfile.TemporaryFile() as file:
        with wave.open(file, "wb") as target:
            target.setnchannels(1)
            target.setsampwidth(2)
            target.setframerate(16_000)
            target.writeframes(samples)
        file.seek(0)
        return file.read()
