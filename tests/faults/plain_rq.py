"""`python -m tests.faults.plain_rq --sessions 240 --seconds 150 --seed 7`: the baseline, plain RQ under such faults.

What most projects have: a row in Postgres, an RQ job with `Retry(max=5)`, RQ's own workers, kept by supervisord. The
jobs take as long as the suite's sessions and the same kinds of faults fall, as far as they have something to hit.
It prints how many acknowledged jobs are stuck and how many were done twice.
"""

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg2
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry

from tests.faults import lanes, schedule
from tests.faults.clients import visits
from tests.faults.database_faults import ask
from tests.faults.disk import Disk
from tests.faults.faults import FaultLog
from tests.faults.lanes import Scene
from tests.faults.options import Options
from tests.faults.plain_rq_desk import QUEUE, PlainDesk
from tests.faults.proxy import Proxy
from tests.faults.recordings import LONGEST_SEC, SHORTEST_SEC

KINDS = (
    *("work-horse killed", "worker killed", "worker's tree killed", "worker's tree stopped past its lease"),
    *("Redis killed, its data gone", "Redis flushed", "Redis frozen", schedule.LONG_FREEZE, "Redis out of memory"),
    *("every job enqueued five times", "Postgres stopped at once", "Postgres restarted", "backends terminated"),
)
AGAIN_SEC = 0.5
LOST = "RQ has forgotten it"
DONE = "SELECT number, count(*) FROM plain_done GROUP BY number"


class Producers:
    """Commits a row, then enqueues; a session is acknowledged when both went through, as in ours."""

    def __init__(self, desk: PlainDesk, options: Options) -> None:
        self._desk, self._options = desk, options
        self.acknowledged: set[int] = set()
        self._threads: list[threading.Thread] = []

    def run(self) -> None:
        """Return when the last one has arrived."""
        begun = time.monotonic()
        for visit in visits(self._options.seed, self._options.sessions, 0.75 * self._options.seconds):
            time.sleep(max(0.0, begun + visit.at_sec - time.monotonic()))
            thread = threading.Thread(target=self._submit, args=(visit.number,), daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _submit(self, number: int) -> None:
        audio_sec = SHORTEST_SEC + (number * 7919 % 1000) / 1000 * (LONGEST_SEC - SHORTEST_SEC)
        row = "INSERT INTO plain_session (number, audio_sec) VALUES ({}, {}) ON CONFLICT DO NOTHING RETURNING 1"
        while True:
            with suppress(psycopg2.Error, RedisError):
                ask(self._desk, row.format(number, audio_sec))
                with Redis.from_url(self._desk.urls.redis, socket_timeout=5) as redis:
                    Queue(QUEUE, connection=redis).enqueue(
                        "tests.faults.plain_rq_desk.transcribe", number, job_id=str(number), retry=Retry(max=5)
                    )
                self.acknowledged.add(number)
                return
            time.sleep(AGAIN_SEC)


def run(options: Options) -> dict[str, Any]:
    """The figures of one run."""
    folder = Path(tempfile.mkdtemp(prefix="plain-rq-"))
    folder.chmod(0o711)
    disk = Disk(folder, 0)
    proxy = Proxy(lambda: "", lambda _pid: None)
    desk = PlainDesk(folder, options, proxy.port)
    log, producers = FaultLog(), Producers(desk, options)
    try:
        desk.start()
        scene = Scene(desk, proxy, disk, producers, log)  # type: ignore[arg-type]
        plan = schedule.draw(options.seed, options.seconds, options.only or KINDS)
        threads = lanes.start(scene, plan, options.seconds)
        producers.run()
        for thread in threads:
            thread.join()
        settled_sec = _settle(desk, producers)
        done = dict(ask(desk, DONE))
        stuck = sorted(producers.acknowledged - set(done))
        return {
            "options": asdict(options),
            "faults": dict(Counter(fault.kind for fault in log.fallen)),
            "missed": log.missed,
            "broken": log.broken,
            "jobs acknowledged": len(producers.acknowledged),
            "completed": len(set(done) & producers.acknowledged),
            "stuck": len(stuck),
            "stuck, by what RQ says": dict(Counter(_rq_says(desk, number) for number in stuck)),
            "done twice or more": sum(count > 1 for count in done.values()),
            "settled after the last fault": settled_sec,
        }
    finally:
        desk.stop()
        disk.remove()
        shutil.rmtree(folder, ignore_errors=True)


def _settle(desk: PlainDesk, producers: Producers) -> float | None:
    """Seconds until every acknowledged job is done; None when some are not within the limit that ours has."""
    begun = time.monotonic()
    while time.monotonic() < begun + desk.options.settle:
        if not producers.busy and producers.acknowledged <= {row[0] for row in ask(desk, DONE)}:
            return round(time.monotonic() - begun, 1)
        time.sleep(0.5)
    return None


def _rq_says(desk: PlainDesk, number: int) -> str:
    with Redis.from_url(desk.urls.redis, socket_timeout=5) as redis:
        job = Queue(QUEUE, connection=redis).fetch_job(str(number))
        return LOST if job is None else str(job.get_status().value)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.plain_rq", description=__doc__)
    parser.add_argument("--sessions", type=int, default=240)
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--report", type=Path, default=Path("var/faults-plain-rq.json"))
    chosen = parser.parse_args()
    found = run(Options(**vars(chosen)))
    chosen.report.parent.mkdir(parents=True, exist_ok=True)
    chosen.report.write_text(json.dumps(found, indent=1, default=str))
    for name, value in found.items():
        if name != "options":
            print(f"{name}: {value}")
    return 0  # a baseline has nothing to pass


if __name__ == "__main__":
    sys.exit(main())
