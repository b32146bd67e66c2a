"""The product's own processes, started for a benchmark, and recordings sent to them over HTTP."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg2

from store.embedded.running import embedded_servers

START_SEC = STOP_SEC = 90.0
LOOK_SEC = 0.25
BLOCK_BYTES = 1024 * 1024
BOUNDARY = b"bench-0123456789"
UNLIMITED = {"UPLOADS_PER_MINUTE": "1000000", "RATE_LIMIT_PER_MINUTE": "1000000"}


@dataclass(frozen=True)
class Finished:
    """When Postgres says that a session was committed at its upload, and that it was completed."""

    created_at: datetime
    finished_at: datetime

    @property
    def took_sec(self) -> float:
        return (self.finished_at - self.created_at).total_seconds()


@dataclass(frozen=True)
class Place:
    """A folder with a Postgres and a Redis of its own: other benchmarks' sessions are not its workers' affair."""

    folder: Path
    environment: dict[str, str]

    @contextmanager
    def program(self, module: str, *arguments: str, ready: str = "is ready", **settings: str) -> Iterator[int]:
        """`python -m module` with these settings; its process id once it has said that it is `ready`."""
        log = self.folder / f"{module}-{uuid.uuid4().hex[:6]}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=self.environment | settings,
                stdout=output,
                stderr=output,
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
    def desk(self) -> Iterator[int]:
        """All that `make run` starts; the port of the dashboard and the API."""
        port, other = str(free_port()), str(free_port())
        ready = "Transcript Desk is ready"
        with self.program("tools.run", ready=ready, DASHBOARD_PORT=port, RQ_DASHBOARD_PORT=other):
            yield int(port)

    @contextmanager
    def dashboard(self) -> Iterator[tuple[int, int]]:
        """The web process alone, as `make run` starts it: its process id and its port."""
        port = free_port()
        command = ("dashboard:app", "--port", str(port), "--timeout-keep-alive", "75")
        with self.program("uvicorn", *command, ready="Uvicorn running") as pid:
            yield pid, port

    def completed(self, session_ids: Sequence[uuid.UUID], within_sec: float) -> list[Finished]:
        """Once all are completed; RuntimeError when one ends otherwise."""
        with psycopg2.connect(self.environment["DATABASE_URL"]) as connection, connection.cursor() as cursor:
            connection.autocommit = True

            def read(columns: str) -> list[tuple[datetime, datetime]]:
                names = [str(session_id) for session_id in session_ids]
                cursor.execute(f"SELECT {columns} FROM session WHERE id = ANY(%s::uuid[])", [names])
                return cursor.fetchall()

            def ended() -> bool:
                return all(finished_at is not None for finished_at, _ in read("finished_at, status"))

            until(ended, within_sec)
            if others := [error for status, error in read("status, error_text") if status != "completed"]:
                raise RuntimeError(f"{len(others)} sessions did not complete: {others[0]}")
            return [Finished(*row) for row in read("created_at, finished_at")]


@contextmanager
def place() -> Iterator[Place]:
    """A new one, with the schema, whose servers wait for the disk as those of `make run` do."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root, Postgres runs as another user
        with embedded_servers(folder / "var", fast=False) as urls:
            own = {"VAR_DIR": str(folder / "var"), "DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url}
            environment = {**os.environ, **UNLIMITED, **own}
            subprocess.run([sys.executable, "-m", "store.migrations", "upgrade"], env=environment, check=True)
            yield Place(folder, environment)


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
