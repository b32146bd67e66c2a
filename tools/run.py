"""`python -m tools.run`: the whole product on one machine, as `make run` starts it; `--stop` ends it from elsewhere.

It looks at the ports, then keeps this alive: the embedded servers (store.embedded), in them the supervisor
(tools/supervise.py), and under that the programs of supervisord.conf.
"""

import fcntl
import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil
from pydantic import ValidationError

from store import logs, refusals
from store.embedded.command import Signals, run_command
from store.embedded.processes import adopt_orphans
from store.settings import Settings, settings

ROOT = Path(__file__).resolve().parents[1]
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # what one listens on, and where one finds it
STOP_SEC = 60.0


def main() -> int:
    """0 when it was asked to stop or runs already; 1 when it cannot start, having said why."""
    os.chdir(ROOT)
    try:
        configured = settings()
        logs.configure()
    except ValidationError as error:
        for wrong in error.errors():
            name = ".".join(map(str, wrong["loc"])).upper()
            value = "" if "SECRET" in name or "PASSWORD" in name else f" (it is {wrong['input']!r})"
            print(f"{name}: {wrong['msg']}{value}")
        return 1
    if unsafe := [*refusals.refusals(configured), *refusals.open_queue_dashboard(configured)]:
        print("\n".join(unsafe))
        return 1
    configured.var_dir.mkdir(parents=True, exist_ok=True)
    lock = (configured.var_dir / "run.lock").open("a+")
    if "--stop" in sys.argv[1:]:
        return stop(lock)
    if not take(lock):
        lock.seek(0)
        at = json.loads(lock.read() or "{}").get("addresses", "it is just starting")
        print(f"Transcript Desk is already running: {at}   (`make stop` stops it)")
        return 0
    if taken := taken_ports(configured):
        print("\n".join(taken))
        return 1
    return run(configured, lock)


def run(configured: Settings, lock: IO[str]) -> int:
    """Keep it all running until we are asked to stop, or until it ends by itself, as when the migration fails."""
    os.environ.update(exported(configured))
    threading.Thread(target=announce, args=[configured], daemon=True).start()
    adopt_orphans()

    def note(pid: int) -> None:
        lock.truncate(0)
        lock.write(json.dumps({"pids": [os.getpid(), pid], "addresses": addresses(configured)}))
        lock.flush()

    with Signals() as signals:
        code = run_command(
            [sys.executable, "-m", "store.embedded", "--restart", "--", sys.executable, "-m", "tools.supervise"],
            signals,
            restart=True,
            started=note,
            pass_fds=[lock.fileno()],  # if we are killed the rest goes on, and a second start must see that
            die_with_us=False,
        )
        if signals.received is None:
            return code
    print("Transcript Desk has stopped.", flush=True)
    return 0


def take(lock: IO[str]) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stop(lock: IO[str]) -> int:
    """Ask whoever holds the lock to stop, and wait until it is free."""
    if take(lock):
        print("Transcript Desk is not running.")
        return 0
    lock.seek(0)
    for pid in json.loads(lock.read() or "{}").get("pids", []):
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            if any(module in process.cmdline() for module in ("tools.run", "store.embedded")):
                process.send_signal(signal.SIGTERM)
                break  # the first passes it on
    deadline = time.monotonic() + STOP_SEC
    while not take(lock):
        if time.monotonic() > deadline:
            print(f"Transcript Desk did not stop within {STOP_SEC:.0f} s.")
            return 1
        time.sleep(0.1)
    print("Transcript Desk has stopped.")
    return 0


def exported(configured: Settings) -> dict[str, str]:
    """The environment in which supervisord.conf finds the settings it names, and `python`."""
    return {
        "BIND_HOST": configured.bind_host,
        "DASHBOARD_PORT": str(configured.dashboard_port),
        "WORKERS": str(configured.workers),
        "VAR_DIR": str(configured.var_dir.resolve()),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def taken_ports(configured: Settings) -> list[str]:
    """A sentence for each port on which somebody else listens."""
    sentences = []
    for name in ("dashboard_port", "rq_dashboard_port"):
        port = getattr(configured, name)
        family = socket.AF_INET6 if ":" in configured.bind_host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((configured.bind_host, port))
            except OSError as error:
                sentences.append(
                    f"Port {port} on {configured.bind_host} cannot be used ({error.strerror}). Choose another one:"
                    f" {name.upper()}={port + 100 if port < 65000 else 8601} make run"
                )
    return sentences


def link(host: str, port: int) -> str:
    """The address of a page on this machine."""
    host = ANYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def addresses(configured: Settings) -> str:
    """Where people find it."""
    queue_health = configured.rq_dashboard_url or link(configured.bind_host, configured.rq_dashboard_port)
    return f"{link(configured.bind_host, configured.dashboard_port)}   queue health: {queue_health}"


def announce(configured: Settings) -> None:
    """Print the addresses as soon as both pages answer."""
    host = ANYWHERE.get(configured.bind_host, configured.bind_host)
    for port in (configured.dashboard_port, configured.rq_dashboard_port):
        while not responds(host, port):
            time.sleep(0.2)
    print(f"\nTranscript Desk is ready: {addresses(configured)}   (Ctrl-C stops it)\n", flush=True)


def responds(host: str, port: int) -> bool:
    """Whether a web server answers there."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("HEAD", "/favicon.ico")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


if __name__ == "__main__":
    sys.exit(main())
