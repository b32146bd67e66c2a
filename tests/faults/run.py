"""One run, from an empty folder to the verdict."""

import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2

from tests.faults import (
    checker,
    clients,
    database_faults,
    healthy,
    lanes,
    measures,
    recordings,
    report,
    schedule,
    snapshot,
    sweep,
    undisturbed,
)
from tests.faults.clients import Clients
from tests.faults.cloud import Cloud
from tests.faults.desk import Desk, is_alive
from tests.faults.disk import Disk
from tests.faults.faults import FaultLog
from tests.faults.options import MAX_FAILURES, Options
from tests.faults.proxy import Proxy
from tests.faults.report import Report
from tests.faults.rules_of_operations import Provider

ARRIVING_SHARE = 0.75  # of the time in which faults fall, sessions arrive
QUIET_SEC = 10.0  # on top of a lease: by then no work-horse may be left
POLL_SEC = 0.2
UNFINISHED = "SELECT count(*) FROM session WHERE status IN ('pending', 'processing')"
FAILED = "SELECT id FROM session WHERE status = 'failed'"
SCHEME = "local://"


def run(options: Options) -> Report:
    """To be called in the main thread, before there is any other."""
    folder = options.keep or Path(tempfile.mkdtemp(prefix="faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # as root, Postgres runs as another user
    disk = Disk(folder, options.sessions)
    proxy = Proxy(lambda: _postgres_socket(desk), lambda pid: database_faults.terminate(desk, pid))
    cloud = Cloud(folder / "cloud") if options.remote else None
    desk = Desk(folder, options, proxy.port, cloud.settings if cloud else {})
    try:
        desk.start()
        return _watched(desk, proxy, disk, cloud, options)
    finally:
        desk.stop()
        if cloud:
            cloud.stop()
        disk.remove()
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _watched(desk: Desk, proxy: Proxy, disk: Disk, cloud: Cloud | None, options: Options) -> Report:
    visits = clients.visits(options.seed, options.sessions, ARRIVING_SHARE * options.seconds)
    make = recordings.spoken if options.real else partial(recordings.make, remote=options.remote)
    coaches, log = Clients(desk.api, options.seed, visits, make), FaultLog()
    plan = [] if options.healthy else schedule.draw(options.seed, options.seconds, options.only, options.engine)
    monitor = healthy.Monitor(desk) if options.healthy else None
    coaches.start()
    for lane in lanes.start(lanes.Scene(desk, proxy, disk, coaches, log, cloud), plan, options.seconds):
        lane.join()
    coaches.wait_for_arrivals()  # without faults nothing else takes time
    last = max((fault.ended for fault in log.fallen), default=time.time())
    settled_sec = _settle(desk, coaches, last)
    coaches.retry(str(row[0]) for row in database_faults.ask(desk, FAILED))
    _settle(desk, coaches, time.time())
    coaches.stop()
    left_over = [line for fault in log.fallen for line in fault.survivors] + _still_working(desk)
    if monitor:
        left_over += monitor.stop()
    provider = None
    if cloud:
        operations = cloud.operations()
        sweep.sweep(desk)
        provider = Provider.of(operations, cloud.objects())
    found = snapshot.read(desk.urls.database, cloud.audio if cloud else lambda uri: _audio(disk, uri))
    left_over += desk.stop()
    found = replace(
        found,
        work=measures.work(desk.folder),
        cores=options.cores,
        words=undisturbed.words(options.engine) if options.real else None,
    )
    problems = checker.check(found, coaches.journal, max_failures=MAX_FAILURES, left_over=left_over, provider=provider)
    figures = report.figures(
        found,
        coaches.journal,
        log,
        measures.detection_times(log.fallen, found),
        measures.needless_work(found),
    )
    return Report(
        options=asdict(options),
        rows=measures.rows(log.fallen, found),
        problems=problems,
        settled_sec=settled_sec,
        figures=figures
        | (report.of_operations(found, provider, desk) if provider else {})
        | ({"healthy": monitor.figures()} if monitor else {}),
        missed=log.missed,
        broken=log.broken,
    )


def _settle(desk: Desk, coaches: Clients, last: float) -> float | None:
    """Seconds from `last` (Unix time) until all is final and every coach is done; None when that took too long."""
    deadline = max(last, time.time()) + desk.options.settle
    while time.time() < deadline:
        with suppress(psycopg2.Error), database_faults.asking(desk) as ask:
            while time.time() < deadline:
                if not coaches.busy and ask(UNFINISHED) == [(0,)]:
                    return max(0.0, round(time.time() - last, 1))
                time.sleep(POLL_SEC)
        time.sleep(POLL_SEC)
    return None


def _still_working(desk: Desk) -> list[str]:
    """Processes that are neither servers nor supervised and do not end, once there is nothing left to do.

    Others may come and go: each doorbell that is left over wakes a work-horse for a moment.
    """
    deadline = time.monotonic() + desk.options.lease_sec + QUIET_SEC
    strays = desk.strays()
    while strays := [stray for stray in strays if is_alive(stray)]:
        if time.monotonic() > deadline:
            return [f"{stray} is still there" for stray in strays]
        time.sleep(POLL_SEC)
    return []


def _postgres_socket(desk: Desk) -> str:
    return f"{parse_qs(urlsplit(desk.urls.database).query)['host'][0]}/.s.PGSQL.5432"


def _audio(disk: Disk, uri: str) -> bytes | None:
    try:
        return (disk.audio / uri.removeprefix(SCHEME)).read_bytes()
    except FileNotFoundError:
        return None
