"""The product's own processes, started for a benchmark beside a Postgres and a Redis of their own."""

import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg2

from bench.processes.web import Served, free_port, served
from store.embedded.running import embedded_servers
from tests.instruments.waiting import wait_until

START_SEC = STOP_SEC = 90.0
LOOK_SEC = 0.25
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
            wait_until(lambda: ready in log.read_text() or process.poll() is not None, START_SEC, LOOK_SEC)
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
    def dashboard(self) -> Iterator[Served]:
        """The web process alone, as `make run` starts it."""
        with served(settings=self.environment) as web:
            yield web

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

            wait_until(ended, within_sec, LOOK_SEC)
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
