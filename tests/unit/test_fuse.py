"""A process that was frozen while it submitted does not go on; one that is in time notices nothing."""

import os
import signal
import subprocess
import sys

import pytest

from jobs.remote.fuse import fuse
from tests.instruments.waiting import wait_until

FROZEN = """
import os, signal
from jobs.remote.fuse import fuse
with fuse({seconds}):
    os.kill(os.getpid(), signal.SIGSTOP)
    print("submitted", flush=True)
print("went on", flush=True)
"""


@pytest.mark.parametrize(("seconds", "code", "said"), [(0.2, -signal.SIGALRM, ""), (600, 0, "submitted\nwent on\n")])
def test_a_frozen_process_dies_before_it_submits(seconds: float, code: int, said: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", FROZEN.format(seconds=seconds)], stdout=subprocess.PIPE, text=True
    )
    wait_until(lambda: _state(process.pid) in "TZ")
    if seconds < 1:
        wait_until(lambda: _pending(process.pid))
    os.kill(process.pid, signal.SIGCONT)
    assert (process.communicate(timeout=30)[0], process.returncode) == (said, code)


def test_an_alarm_of_somebody_else_is_kept() -> None:
    before = signal.getsignal(signal.SIGALRM)
    left_sec = signal.setitimer(signal.ITIMER_REAL, 500)
    with fuse(600):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 500
    assert 490 < signal.setitimer(signal.ITIMER_REAL, *left_sec)[0] <= 500
    assert signal.getsignal(signal.SIGALRM) is before


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def _pending(pid: int) -> bool:
    """Whether the alarm waits for the process to go on."""
    with open(f"/proc/{pid}/status") as status:
        masks = dict(line.split(":") for line in status.read().splitlines())
    return bool(int(masks["ShdPnd"], 16) & 1 << (signal.SIGALRM - 1))
