"""Runs one command in our own terminal, while something else is tended, until it ends or we are asked to stop."""

import logging
import os
import select
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from types import FrameType
from typing import Self

from store.embedded.errors import StopRequestedError
from store.embedded.processes import die_with_parent, end_descendants, reap_orphans

log = logging.getLogger(__name__)

STOP_SEC = 30.0  # how long the command may take to stop
STRAY_SEC = 3.0  # how long its descendants may take when it is gone
STEADY_SEC = 10.0  # a command that lived this long is started again at once
LONGEST_WAIT_SEC = 30.0


class Signals:
    """Remembers the first request to stop, and ends a wait when one arrives or when a child ends."""

    def __init__(self, *, ignore_interrupt: bool = False) -> None:
        self.received: signal.Signals | None = None
        self._ignored = {signal.SIGINT} if ignore_interrupt else set()

    def __enter__(self) -> Self:
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _only_wake)
        # Explicitly: a background job of a script starts with SIGINT ignored
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._remember)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
            signal.signal(signal.SIGHUP, self._remember)
        return self

    def __exit__(self, *exception: object) -> None:
        """The handlers stay: a second Ctrl-C must not interrupt what is left to do."""

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        if self.received is None and number not in self._ignored:
            self.received = signal.Signals(number)

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or sooner when a signal arrived."""
        if select.select([self._wake_read], [], [], seconds)[0]:
            os.read(self._wake_read, 4096)

    def pause(self, seconds: float) -> None:
        """Like `wait`, for work that is abandoned on a request to stop: raises StopRequestedError."""
        self.wait(seconds)
        if self.received is not None:
            raise StopRequestedError


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """A handler that does nothing: without one the arrival of the signal would not end a wait."""


def run_command(
    command: Sequence[str],
    signals: Signals,
    *,
    restart: bool = False,
    tend: Callable[[], None] = lambda: None,
    spare: Callable[[], Collection[int]] = tuple,
    pass_fds: Collection[int] = (),
    started: Callable[[int], None] = lambda _pid: None,
    die_with_us: bool = True,
) -> int:
    """The exit code of `command`: its own, or 128 + the number of the signal that ended it or us.

    `tend` is called at least every second. With `restart` a command killed by a signal that we did not send is started
    again. At the end no descendant is left but the processes `spare` and theirs. `started` hears of each start's pid.
    Raises OSError when the command cannot be started.
    """

    def start() -> subprocess.Popen[bytes]:
        before_exec = die_with_parent(signal.SIGTERM) if die_with_us else None
        process = subprocess.Popen(list(command), preexec_fn=before_exec, pass_fds=tuple(pass_fds))
        started(process.pid)
        return process

    process, started_at, wait_sec = start(), time.monotonic(), 0.0
    try:
        while signals.received is None:
            code = process.poll()
            if code is not None and (code >= 0 or not restart):
                return code if code >= 0 else 128 - code
            if code is not None:
                wait_sec = (
                    0.0 if time.monotonic() - started_at > STEADY_SEC else min(2 * wait_sec + 1, LONGEST_WAIT_SEC)
                )
                log.warning(
                    "%s was killed by signal %d: starting it again in %.0f s", shlex.join(command), -code, wait_sec
                )
                end_descendants(STRAY_SEC, spare())
                signals.wait(wait_sec)
                process, started_at = start(), time.monotonic()
            tend()
            reap_orphans({process.pid, *spare()})
            signals.wait(1.0)
        return 128 + signals.received
    finally:
        _stop(process)
        end_descendants(STRAY_SEC, spare())


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SEC)
        except subprocess.TimeoutExpired:
            log.warning("The command did not stop within %.0f s: killing it", STOP_SEC)
            process.kill()
            process.wait()
