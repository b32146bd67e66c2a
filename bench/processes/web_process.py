"""The product's own web process, started for a benchmark with the command of supervisord.conf."""

import configparser
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.processes.web import free_port, listens

ROOT = Path(__file__).resolve().parents[2]
START_SEC = 90.0


@dataclass(frozen=True)
class Served:
    """A web process that answers at `address`."""

    address: str
    process: psutil.Process

    def cpu_sec(self) -> float:
        """Processor time it has used so far, in user and kernel mode."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory_bytes(self) -> int:
        return int(self.process.memory_info().rss)


@contextmanager
def served(app: str = "dashboard:app", **settings: str) -> Iterator[Served]:
    """The web process with these settings, ready; `app` is another one for a baseline, served in the same way."""
    port = free_port()
    environment = {**os.environ, "BIND_HOST": "127.0.0.1", "DASHBOARD_PORT": str(port), **settings}
    command = [part.replace("dashboard:app", app) for part in _command(environment)]
    process = subprocess.Popen([sys.executable, *command[1:]], env=environment, cwd=ROOT)
    try:
        deadline = time.monotonic() + START_SEC
        while not listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{app} did not start.")
            time.sleep(0.1)
        yield Served(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def _command(environment: dict[str, str]) -> list[str]:
    """As supervisord would run it: without the leash, so that its parent may be a benchmark's thread."""
    configured = configparser.ConfigParser(interpolation=None)
    configured.read(ROOT / "supervisord.conf")
    words = configured["program:dashboard"]["command"].split()
    words = words[words.index("tools/leash.py") + 1 :]
    return [word % {f"ENV_{name}": value for name, value in environment.items()} for word in words]
