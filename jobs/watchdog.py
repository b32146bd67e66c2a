"""The last guard of the lease: a thread that kills the whole process group when its time has run out.

It looks at a monotonic clock alone and never at the database: with Postgres frozen, psycopg2 hangs whatever timeouts
are set, and a worker that cannot tell whether it still holds its claim must not go on.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable

POLL_SEC = 0.25
log = logging.getLogger(__name__)


def kill_group() -> None:
    """End this process and every child that shares its process group, at once."""
    os.killpg(os.getpgrp(), signal.SIGKILL)


class Watchdog:
    """Kills when `deadline` (on the monotonic clock) passes; `feed` moves the deadline."""

    def __init__(self, allowance_sec: float, kill: Callable[[], None] = kill_group) -> None:
        self._allowance_sec = allowance_sec
        self._kill = kill
        self._deadline = time.monotonic() + allowance_sec
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> "Watchdog":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def feed(self, since: float) -> None:
        """The lease was renewed by a write that was begun at `since` (monotonic): it holds from then on."""
        self._deadline = since + self._allowance_sec

    def at_most(self, seconds: float) -> None:
        """The claim is gone: whatever is not finished in `seconds` is killed."""
        self._deadline = min(self._deadline, time.monotonic() + seconds)

    def _watch(self) -> None:
        while not self._done.wait(POLL_SEC):
            if time.monotonic() > self._deadline:
                log.error("The lease has run out: this worker may no longer hold its session, so it stops here")
                self._kill()
                return
