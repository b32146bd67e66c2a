"""The same question, "how is my job", asked of what others use (goal 10): rq-dashboard's job as JSON and Flower's task.

Each is one process beside the same Redis, asked by the same load generator. rq-dashboard runs under gunicorn with
threads, or under werkzeug as the product starts it, whichever is faster. What is not installed here (gunicorn, Flower)
goes into a temporary folder; where that cannot be, the benchmark says so and goes on without.
"""

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from rq import Queue
from rq.serializers import JSONSerializer

from bench.figures import Figure, at_least
from bench.processes.web import Served, free_port, running, served
from bench.status import WATCHED, Requests, requests, watched
from bench.viewers.load import ask
from bench.worlds import status_world
from bench.worlds.status_world import LOCAL
from jobs import doorbell
from store.settings import settings

CONNECTIONS, SECONDS, ROUNDS = 64, 3.0, 3
OURS, UNCACHED, WERKZEUG, GUNICORN, FLOWER = "ours", "ours, uncached", "werkzeug", "gunicorn", "Flower"
TELL_FLOWER = """
import sys
from celery import Celery
app = Celery(broker=sys.argv[1])
with app.events.default_dispatcher(hostname="bench@host") as tell:
    tell.send("worker-online", freq=5)
    for task in sys.argv[2:]:
        tell.send("task-received", uuid=task, name="transcribe", args="()", kwargs="{}", retries=0, eta=None)
        tell.send("task-started", uuid=task)
"""


def measure() -> Iterator[Figure]:
    status_world.make()
    try:
        with ExitStack() as servers, tempfile.TemporaryDirectory() as folder:
            found = _in_turn({name: load for name, load in _all(servers, Path(folder)) if load is not None})
    finally:
        status_world.remove()
    yield Figure("our status answers a second, as clients get them", found[OURS])
    for name in (WERKZEUG, GUNICORN, FLOWER):
        title = "Flower's task JSON" if name == FLOWER else f"rq-dashboard's job JSON under {name}"
        missing = "" if name in found else ": cannot be installed here"
        yield Figure(f"{title}, answers a second{missing}", found.get(name))
    best = max(value for name, value in found.items() if name not in {OURS, UNCACHED})
    yield at_least("our status answers to the best of them", found[OURS] / best, 3)
    yield Figure("our status answers without the cache to the best of them", found[UNCACHED] / best)


def _in_turn(loads: dict[str, tuple[Served, Requests]]) -> dict[str, float]:
    found: dict[str, list[float]] = {name: [] for name in loads}
    for _ in range(ROUNDS):
        for name, (server, wanted) in loads.items():
            outcome = ask(server.port, wanted, CONNECTIONS, SECONDS)
            if outcome.errors or set(outcome.statuses) != {"200"}:
                raise RuntimeError(f"{name}: {outcome.errors} errors, {outcome.statuses}")
            found[name].append(outcome.a_second)
    return {name: median(each) for name, each in found.items()}


def _all(servers: ExitStack, folder: Path) -> Iterator[tuple[str, tuple[Served, Requests] | None]]:
    """Each server with what is asked there; None for what is not to be had."""
    ours = requests(watched(LOCAL))
    yield OURS, (servers.enter_context(served()), ours)
    yield UNCACHED, (servers.enter_context(served(settings={"STATUS_CACHE_SEC": "0"})), ours)
    jobs: Requests = [(f"/0/data/job/{job}.json", {}) for job in servers.enter_context(_rq_jobs())]
    port = free_port()
    command = [sys.executable, "-m", "bench.baselines.rq_dashboard_app"]
    yield WERKZEUG, (servers.enter_context(running(command, port, {"RQ_DASHBOARD_PORT": str(port)})), jobs)
    yield GUNICORN, (servers.enter_context(_gunicorn(folder)), jobs) if _installed(folder, "gunicorn") else None
    yield FLOWER, servers.enter_context(_flower(folder)) if _installed(folder, "flower", "celery", "redis") else None


def _installed(folder: Path, *packages: str) -> bool:
    """Whether pip could put them into the folder, apart from what is installed here."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder / packages[0]), *packages]
    return subprocess.run(pip, capture_output=True).returncode == 0


@contextmanager
def _rq_jobs() -> Iterator[list[str]]:
    """Jobs that wait in a queue of their own."""
    with doorbell.connection() as redis:
        queue = Queue("bench-peers", connection=redis, serializer=JSONSerializer)
        yield [queue.enqueue("jobs.worker.transcribe_next").id for _ in range(WATCHED)]
        queue.delete(delete_jobs=True)


@contextmanager
def _gunicorn(folder: Path) -> Iterator[Served]:
    port = free_port()
    options = ("--threads", "8", "--workers", "1", "--keep-alive", "75", "--log-level", "error")
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-b",
        f"127.0.0.1:{port}",
        *options,
        "bench.baselines.rq_dashboard_app:app()",
    ]
    with running(command, port, {"PYTHONPATH": f"{folder / 'gunicorn'}{os.pathsep}{os.getcwd()}"}) as server:
        yield server


@contextmanager
def _flower(folder: Path) -> Iterator[tuple[Served, Requests]]:
    port, tasks = free_port(), [str(uuid.uuid4()) for _ in range(WATCHED)]
    broker = settings().redis_url.replace("unix://", "redis+socket://")
    environment = {"PYTHONPATH": str(folder / "flower"), "FLOWER_UNAUTHENTICATED_API": "true"}
    command = [sys.executable, "-m", "celery", f"--broker={broker}", "flower", "--address=127.0.0.1", f"--port={port}"]
    serving = running([*command, "--logging=error"], port, environment)
    with serving as server, tempfile.TemporaryDirectory() as elsewhere:
        wanted: Requests = [(f"/api/task/info/{task}", {}) for task in tasks]
        for _ in range(20):  # it hears of tasks some moments after it serves
            told = [sys.executable, "-c", TELL_FLOWER, broker, *tasks]
            subprocess.run(told, env={**os.environ, **environment}, cwd=elsewhere, check=True)
            if set(ask(port, wanted, 4, 1.0).statuses) == {"200"}:
                break
        yield server, wanted
