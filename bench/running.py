"""The product's own processes, started for a benchmark, and recordings sent to them over HTTP."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from store.database import transaction
from store.session_queries import SessionRecord, by_ids
from store.states import FINAL, Status

START_SEC = STOP_SEC = 90.0
LOOK_SEC = 0.25
BLOCK_BYTES = 1024 * 1024
READY = "is ready"  # what workers, reconcilers and `make run` say
BOUNDARY = b"bench-0123456789"
UNLIMITED = {"UPLOADS_PER_MINUTE": "1000000", "RATE_LIMIT_PER_MINUTE": "1000000"}


@contextmanager
def program(folder: Path, module: str, *arguments: str, ready: str = READY, **settings: str) -> Iterator[int]:
    """`python -m module` with these settings and its data in `folder`; its process id once it has said `ready`."""
    environment = {**os.environ, **UNLIMITED, "VAR_DIR": str(folder / "var"), **settings}
    log = folder / f"{module}-{uuid.uuid4().hex[:6]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], env=environment, stdout=output, stderr=output
        )
    try:
        until(lambda: ready in log.read_text() or process.poll() is not None, START_SEC)
        if process.poll() is not None:
            raise RuntimeError(f"{module} did not start: {log.read_text()}")
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SEC)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def desk(folder: Path, **settings: str) -> Iterator[int]:
    """All that `make run` starts, on the servers of this benchmark; the port of the dashboard and the API."""
    port, other = free_port(), free_port()
    ports = {"DASHBOARD_PORT": str(port), "RQ_DASHBOARD_PORT": str(other)}
    with program(folder, "tools.run", ready="Transcript Desk is ready", **ports, **settings):
        yield port


@contextmanager
def dashboard(folder: Path, **settings: str) -> Iterator[tuple[int, int]]:
    """The web process as `make run` starts it, alone: its process id and its port."""
    port = free_port()
    command = ("dashboard:app", "--port", str(port), "--timeout-keep-alive", "75")
    with program(folder, "uvicorn", *command, ready="Uvicorn running", **settings) as pid:
        yield pid, port


def upload(port: int, recording: Path) -> uuid.UUID:
    """The session that the API has made of this file once it is safe."""

    def blocks() -> Iterator[bytes]:
        with recording.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block

    return upload_blocks(port, recording.name, blocks(), recording.stat().st_size)


def upload_blocks(port: int, name: str, blocks: Iterable[bytes], size_bytes: int) -> uuid.UUID:
    """The same with a recording that is made while it is sent."""
    disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"'.encode()
    before = b"--" + BOUNDARY + b"\r\n" + disposition + b"\r\n\r\n"
    after = b"\r\n--" + BOUNDARY + b"--\r\n"

    def body() -> Iterator[bytes]:
        yield before
        yield from blocks
        yield after

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}",
        "Content-Length": str(len(before) + size_bytes + len(after)),
    }
    connection.request("POST", "/api/v1/sessions", body(), headers)
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    if answer.status != 201:
        raise RuntimeError(f"The upload was answered {answer.status}: {told.decode()}")
    return uuid.UUID(json.loads(told)["session_id"])


def completed(session_ids: list[uuid.UUID], within_sec: float) -> list[SessionRecord]:
    """Their records once all are completed; RuntimeError when one ends otherwise."""

    def records() -> list[SessionRecord]:
        with transaction() as db:
            return list(by_ids(db, session_ids, owner=None))

    until(lambda: all(record.status in FINAL for record in records()), within_sec)
    found = records()
    for record in found:
        if record.status is not Status.COMPLETED:
            raise RuntimeError(f"Session {record.id} is {record.status}: {record.error_text}")
    return found


def until(true: Callable[[], bool], within_sec: float) -> None:
    """Wait until it is true; TimeoutError when it is not in time."""
    deadline = time.monotonic() + within_sec
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {within_sec:.0f} s in vain.")
        time.sleep(LOOK_SEC)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
