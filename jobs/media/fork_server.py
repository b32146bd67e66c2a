"""The fork server as its askers see it: one for each worker and each web process, started once, replaced when it died.

A work-horse inherits that of its worker over the fork, so that no job imports what reads media again (0.2 s of CPU).
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
GROUP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
LAST_WORD_SEC = 1.0

_choosing = threading.Lock()
_current: "ForkServer | None" = None


class ForkServer:
    """A running `jobs.media.fork_server_process`. It dies with the process that started it, whatever kills that."""

    def __init__(self) -> None:
        """Starts it and does not wait: requests wait in the socket until the imports are done."""
        self._starter = os.getpid()
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ended = threading.Event()
        started: Future[subprocess.Popen[bytes]] = Future()
        # Linux kills the server when the *thread* that started it ends: so one does that stays for as long as it lives
        keeper = threading.Thread(target=self._keep, args=(theirs, started), name="fork-server", daemon=True)
        keeper.start()
        self._process = started.result()

    def _keep(self, theirs: socket.socket, started: "Future[subprocess.Popen[bytes]]") -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, GROUP_SIGNALS)  # inherited: Ctrl-C and supervisord mean its starter
        command = [sys.executable, "-m", "jobs.media.fork_server_process", str(self._starter)]
        with theirs:
            try:
                process = subprocess.Popen(
                    command, env=bare_environment(), stdin=theirs.fileno(), stdout=subprocess.DEVNULL
                )
            except BaseException as exc:  # noqa: BLE001 - raised where the server was asked for
                started.set_exception(exc)
                return
        started.set_result(process)
        process.wait()
        self._ended.set()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it is known to be dead; a process that inherited it finds that out by asking."""
        return self._ended.is_set()

    def fork(self) -> socket.socket:
        """A connection to a new child, which waits for its order and lives for as long as that is open.

        Raises `OSError` when the server is dead.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._requests, [b"fork"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def end(self) -> None:
        """Let go of it; in the process that started it, it is gone when this returns."""
        self._requests.close()
        if self._starter == os.getpid() and not self._ended.wait(LAST_WORD_SEC):
            self._process.kill()
            self._ended.wait()


def current() -> ForkServer:
    """The fork server of this process, its own or inherited; a new one if there is none."""
    global _current
    with _choosing:
        if _current is not None and _current.has_ended:
            _current.end()
            _current = None
        if _current is None:
            _current = ForkServer()
        return _current


def forget(server: ForkServer) -> None:
    """It is dead or does not answer: the next request gets a new one."""
    global _current
    with _choosing:
        if _current is not server:
            return
        _current = None
    server.end()


def bare_environment() -> dict[str, str]:
    """What the fork server and its children are given of the environment: nothing that anybody set for us."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    # one BLAS thread: each reserves address space, which is limited there
    return kept | {"PYTHONPATH": str(PROJECT), "PATH": os.defpath, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
