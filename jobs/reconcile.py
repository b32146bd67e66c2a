"""The reconciler: `python -m jobs.reconcile`. Repairs every loss; any number may run, since each repair is a
compare-and-set that only one of them wins."""

import logging
import os
import re
import signal
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from jobs import doorbell
from jobs.errors import DeadlineExceeded
from jobs.outcome import settle_error, settle_lost
from jobs.remote.abandoned import end_abandoned
from jobs.retention import apply_retention
from jobs.statistics_kept import refresh_statistics
from store import logs, migrations, repair_queries
from store.audio import audio_store, sweep_copies
from store.claims import due_count
from store.database import name_program, transaction
from store.session_queries import SessionRecord
from store.settings import settings

ACTOR = "reconciler"
SWEEP_SEC = 300.0
RING_EVERY_SEC = 0.25
DEADLINE_GRACE_SEC = 600.0
DYNAMIC_BATCH_SEC = 24 * 3600.0
ORPHAN_AGE = timedelta(hours=1)  # longer than any upload takes between its last byte and its row
SCRATCH = re.compile(r"([0-9a-f-]{36})\.(\d+)\.(pcm|flac)")  # session and claim, as attempts name them
log = logging.getLogger("jobs.reconcile")  # not __name__, which is __main__ in the process


def take_over_lost() -> int:
    """Hand sessions whose worker died to the queue; how many."""
    with transaction() as db:
        lost = repair_queries.lost_sessions(db, settings().lease_sec)
    taken = [record for record in lost if _settled(record, partial(settle_lost, record, actor=ACTOR))]
    for record in taken:
        log.warning("Session %s: no heartbeat from %s for a lease, taken over", record.id, record.worker)
    return len(taken)


def enforce_deadlines() -> int:
    """Take sessions from workers that still live but have been at it for far too long; how many."""
    with transaction() as db:
        late = repair_queries.past_deadline(db, settings().deadline_factor, DEADLINE_GRACE_SEC, patient=_patient())
    return sum(
        _settled(record, partial(settle_error, record.id, record.claim_no, DeadlineExceeded(), actor=ACTOR))
        for record in late
    )


def _patient() -> dict[str, float]:
    """Engines that may take their time, and how much, in seconds: Google's cheap batches are promised within a day."""
    return {"google": DYNAMIC_BATCH_SEC} if settings().google_batch == "dynamic" else {}


def ring_doorbells() -> int:
    """Ring for due sessions that have no doorbell: lost ones, and retries whose time has come."""
    with transaction() as db:
        due = due_count(db)
    rung = doorbell.top_up(due)
    if rung:
        log.info("Rang %d doorbells for %d due sessions", rung, due)
    return rung


def sweep() -> int:
    """Remove uploads nobody started, audio without a row, and what attempts that are over left in the scratch folder;
    how many."""
    with transaction() as db:
        forgotten = repair_queries.forget_old_uploads(db, settings().upload_keep_hours)
    store = audio_store()
    before = datetime.now(UTC) - ORPHAN_AGE
    aged = [uri for uri, written in store.list() if written < before]
    with transaction() as db:
        orphans = repair_queries.unknown_audio(db, aged) if aged else []
    for uri in {*forgotten, *orphans}:
        store.delete(uri)
        log.info("Swept %s, which no session names", uri)
    return len({*forgotten, *orphans}) + _sweep_scratch()


def _sweep_scratch() -> int:
    swept = 0
    for path in settings().scratch_folder.glob("*.*.*"):
        name = SCRATCH.fullmatch(path.name)
        if name is None:
            continue  # not ours
        with transaction() as db:
            if not repair_queries.is_held(db, uuid.UUID(name[1]), int(name[2])):
                path.unlink(missing_ok=True)
                swept += 1
    return swept + sweep_copies(settings().scratch_folder, ORPHAN_AGE.total_seconds())


def _settled(record: SessionRecord, settle: Callable[[], bool]) -> bool:
    """One session of a step; one that a frozen worker has locked costs itself this round, not those after it."""
    try:
        return settle()
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) is None:
            raise  # Postgres is away: so it is for all
        log.warning("Session %s has to wait: %s", record.id, str(error).partition("\n")[0])
        return False


def _guarded(step: Callable[[], int]) -> None:
    """One step of a round; whatever fails costs this step of this round, nothing else."""
    try:
        step()
    except (DBAPIError, RedisError, OSError) as error:  # a server that is away
        log.warning("%s has to wait: %s", step.__name__, str(error).partition("\n")[0])
    except Exception:
        log.exception("%s failed", step.__name__)


def _ring_in_time(stop: threading.Event, seconds: float) -> None:
    """Wait so long until the next round, and ring meanwhile whenever a session becomes due."""
    until = time.monotonic() + seconds
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        soonest = _soonest_due_sec()
        if soonest is None or soonest >= left:
            stop.wait(left)
        elif not stop.wait(max(soonest, RING_EVERY_SEC)):
            _guarded(ring_doorbells)


def _soonest_due_sec() -> float | None:
    try:
        with transaction() as db:
            return repair_queries.soonest_due_sec(db)
    except DBAPIError:
        return None  # the next round says so


def _end_abandoned(stop: threading.Event) -> None:
    """In a thread of its own: a provider that does not answer must not delay the repairs."""
    while not stop.wait(settings().reconcile_sec):
        _guarded(end_abandoned)


def main() -> int:
    logs.configure()
    name_program(ACTOR)  # jobs/doctor counts reconcilers by their connections
    if not migrations.ready():
        return 1
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("Reconciler %s-%d is ready", socket.gethostname(), os.getpid())
    threading.Thread(target=_end_abandoned, args=[stop], name="abandoned", daemon=True).start()
    swept = float("-inf")
    while not stop.is_set():
        _guarded(take_over_lost)
        _guarded(enforce_deadlines)
        _guarded(ring_doorbells)
        _guarded(refresh_statistics)
        if time.monotonic() - swept > SWEEP_SEC:
            swept = time.monotonic()
            _guarded(sweep)
            _guarded(apply_retention)
        _ring_in_time(stop, settings().reconcile_sec)
    return 0


if __name__ == "__main__":
    sys.exit(main())
