"""Web servers of the benchmarks, each a process of its own with the settings of supervisord.conf."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

BARE, PRODUCT, API_ALONE = "bench.baselines.bare_app:app", "dashboard:app", "api.app:app"
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


@contextmanager
def served(app: str, settings: Mapping[str, str] | None = None) -> Iterator[int]:
    """The port on which uvicorn serves the app, until the block ends."""
    port = free_port()
    options = ("--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "1", "--log-level", "warning")
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log", *options]
    with running(command, port, {"LOG_LEVEL": "WARNING", **(settings or {})}):
        yield port


@contextmanager
def running(command: Sequence[str], port: int, settings: Mapping[str, str] | None = None) -> Iterator[None]:
    """A server that this command starts; RuntimeError when it ends before anybody may connect."""
    process = subprocess.Popen(command, env={**os.environ, **(settings or {})})
    deadline = time.monotonic() + START_SEC
    try:
        while not listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)} does not serve")
            time.sleep(0.1)
        yield
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
