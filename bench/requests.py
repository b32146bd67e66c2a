"""How many status answers a second one API process gives, against a route of its own that does nothing."""

import http.client
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bench.alternating import seconds_each
from jobs import messages
from store import intake
from store.database import transaction
from store.states import Priority

CLIENTS = 4
REQUESTS = 250  # a client, a round
ROUNDS = 3


def measure() -> dict[str, float]:
    """Requests a second of the bare health route, and how many times longer a status answer takes."""
    session_id = _session()
    with _api() as port:
        took = seconds_each(
            {
                "health": lambda: _load(port, "/api/v1/health"),
                "status": lambda: _load(port, f"/api/v1/sessions/{session_id}/status"),
            },
            ROUNDS,
        )
    return {
        "health_requests_per_sec": CLIENTS * REQUESTS / took["health"],
        "status_requests_per_sec": CLIENTS * REQUESTS / took["status"],
        "status_to_health": took["status"] / took["health"],
    }


def _load(port: int, path: str) -> None:
    with ThreadPoolExecutor(CLIENTS) as clients:
        for done in [clients.submit(_client, port, path) for _ in range(CLIENTS)]:
            done.result()


def _client(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(REQUESTS):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
    connection.close()


def _session() -> uuid.UUID:
    session_id = uuid.uuid4()
    recording = intake.Recording(
        session_id, "coach", "bench.wav", f"local://bench/{session_id}.wav", 32_000, session_id.hex, "WAV", 60.0
    )
    with transaction() as db:
        intake.insert_session(
            db,
            recording,
            title="Benchmark",
            language="en",
            engine="pocketsphinx",
            priority=Priority.NORMAL,
            idempotency_key=None,
            message=messages.WAITING,
            actor="bench",
        )
    return session_id


@contextmanager
def _api() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "api.app:app", "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(command)
    try:
        _until(lambda: _answers(port))
        yield port
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("The API did not start.")
        time.sleep(0.1)
