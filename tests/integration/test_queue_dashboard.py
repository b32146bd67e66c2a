"""rq-dashboard as we start it: it shows our JSON jobs, asks for the password, and changes nothing."""

import base64
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

PATIENCE_SEC = 60.0
QUEUE = f"test-{uuid.uuid4().hex[:8]}"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"ops:secret").decode()}


@contextmanager
def queue_dashboard(**settings: str) -> Iterator[httpx.Client]:
    """A client of the real program on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"RQ_DASHBOARD_PORT": str(port)} | settings
    program = subprocess.Popen([sys.executable, "-m", "jobs.queue_dashboard"], env=environment)
    with program, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        try:
            wait_until_it_answers(client, program)
            yield client
        finally:
            program.terminate()
            program.wait(PATIENCE_SEC)


def wait_until_it_answers(client: httpx.Client, program: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SEC
    while True:
        try:
            client.get("/favicon.ico")
            return
        except httpx.ConnectError:
            assert program.poll() is None, "rq-dashboard ended"
            assert time.monotonic() < deadline, "rq-dashboard does not answer"
            time.sleep(0.05)


@pytest.fixture
def connection() -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture
def running_job(connection: "redis.Redis") -> Iterator[Job]:
    """A job that a real worker is busy with; it ends when its key is pushed."""
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
    key = f"{QUEUE}:go-on"
    job = queue.enqueue("subprocess.call", [sys.executable, "-c", blocks_on(key)], job_timeout=120)
    command = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--quiet", "-S", "rq.serializers.JSONSerializer"]
    with subprocess.Popen([*command, "--url", os.environ["REDIS_URL"], QUEUE]) as worker:
        try:
            deadline = time.monotonic() + PATIENCE_SEC
            while job.get_status(refresh=True) != "started":
                assert time.monotonic() < deadline, "the worker does not start the job"
                time.sleep(0.05)
            yield job
        finally:
            connection.rpush(key, "now")
            worker.wait(PATIENCE_SEC)
            connection.delete(key)
            job.delete()


def blocks_on(key: str) -> str:
    return f"import os, redis; redis.Redis.from_url(os.environ['REDIS_URL'], socket_timeout=100).blpop({key!r}, 90)"


def test_workers_page_shows_a_busy_worker_and_nothing_can_be_changed(running_job: Job) -> None:
    with queue_dashboard() as client:
        answer = client.get("/0/data/workers.json")
        assert answer.status_code == 200
        busy = [worker["current_job"] for worker in answer.json()["workers"] if QUEUE in worker["queues"]]
        assert [job["job_id"] for job in busy] == [running_job.id]
        for page in ("/", "/0/view/workers", f"/0/view/job/{running_job.id}", f"/0/data/job/{running_job.id}.json"):
            assert client.get(page).status_code == 200
        for change in (
            client.post(f"/job/{running_job.id}/delete"),
            client.post(f"/job/{running_job.id}/requeue"),
            client.post(f"/queue/{QUEUE}/queued/empty"),
            client.post(f"/queue/{QUEUE}/compact"),
            client.get(f"/requeue/{QUEUE}"),
        ):
            assert (change.status_code, "only shows the queue" in change.text) == (403, True)
        assert client.get("/0/view/job/forgotten").status_code == 404


def test_it_asks_for_the_configured_password() -> None:
    with queue_dashboard(RQ_DASHBOARD_USERNAME="ops", RQ_DASHBOARD_PASSWORD="secret") as client:
        assert client.get("/").status_code == 401
        assert client.get("/", auth=("ops", "wrong")).status_code == 401
        assert client.get("/0/data/workers.json", headers=BASIC).status_code == 200
        assert client.post(f"/requeue/{QUEUE}").status_code == 401
        assert client.post(f"/requeue/{QUEUE}", headers=BASIC).json() == {"count": 0, "status": "OK"}
        assert client.get(f"/requeue/{QUEUE}", headers=BASIC).status_code == 403
        elsewhere = BASIC | {"Sec-Fetch-Site": "cross-site"}
        assert client.post(f"/requeue/{QUEUE}", headers=elsewhere).status_code == 403
        assert client.post("/job/any/delete", headers=BASIC).status_code == 403


def test_it_says_so_when_redis_does_not_answer() -> None:
    with queue_dashboard(REDIS_URL="unix:///nowhere/redis.sock") as client:
        answer = client.get("/0/data/workers.json")
        assert (answer.status_code, "Redis does not answer" in answer.text) == (503, True)
