"""Web servers of the benchmarks, each a process of its own: the product's with the command of supervisord.conf."""

import configparser
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

BARE, PRODUCT, LEAST = "bench.baselines.bare_app:app", "dashboard:app", "bench.baselines.floor_app:app"
ROOT = Path(__file__).resolve().parents[2]
START_SEC = 120.0
WITH_SIGN_IN = {
    "OIDC_ISSUER": "https://id.example.org",
    "OIDC_CLIENT_ID": "transcript-desk",
    "OIDC_CLIENT_SECRET": "of-no-use",
    "OIDC_COOKIE_SECRET": "of-no-use-but-long-enough-to-be-one-0123456789abcdef",
    "OIDC_ALLOWED_DOMAINS": "example.org",
    "PUBLIC_URL": "http://127.0.0.1:8501",
    "RATE_LIMIT_PER_MINUTE": "1000000000",
}


@dataclass(frozen=True)
class Served:
    """A server that listens on this port of 127.0.0.1."""

    port: int
    process: psutil.Process

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_sec(self) -> float:
        """Processor time it has used so far, in user and kernel mode."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory_bytes(self) -> int:
        return int(self.process.memory_info().rss)


@contextmanager
def served(app: str = PRODUCT, settings: Mapping[str, str] | None = None) -> Iterator[Served]:
    """The web process with these settings, until the block ends; `app` is another one for a baseline."""
    port = free_port()
    environment = {"LOG_LEVEL": "WARNING", "BIND_HOST": "127.0.0.1", "DASHBOARD_PORT": str(port), **(settings or {})}
    command = [part.replace(PRODUCT, app) for part in _command(environment)]
    with running([sys.executable, *command[1:]], port, environment) as server:
        yield server


@contextmanager
def running(command: Sequence[str], port: int, settings: Mapping[str, str] | None = None) -> Iterator[Served]:
    """A server that this command starts; RuntimeError when it ends before anybody may connect."""
    process = subprocess.Popen(command, env={**os.environ, **(settings or {})}, cwd=ROOT)
    deadline = time.monotonic() + START_SEC
    try:
        while not listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)} does not serve")
            time.sleep(0.1)
        yield Served(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody may connect to it."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _command(environment: Mapping[str, str]) -> list[str]:
    """As supervisord would run it: without the leash, so that its parent may be a benchmark's thread."""
    configured = configparser.ConfigParser(interpolation=None)
    configured.read(ROOT / "supervisord.conf")
    words = configured["program:dashboard"]["command"].split()
    words = words[words.index("tools/leash.py") + 1 :]
    return [word % {f"ENV_{name}": value for name, value in environment.items()} for word in words]
