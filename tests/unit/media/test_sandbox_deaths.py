"""A sandboxed child never outlives whoever asked for it, even in the middle of C code that never says a word."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from jobs.media.fork_server import PROJECT
from tests.instruments.waiting import wait_until

BUSY = """
import hashlib, os
from jobs.media import sandbox_child
def read_in_sandbox(recording, request):
    sandbox_child.report(os.getpid())
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""
WORKER = """
import os, signal, sys
from pathlib import Path
from jobs.leash import die_with_parent
from jobs.media import fork_server, sandbox
bare = fork_server.bare_environment()
fork_server.bare_environment = lambda: bare | {"PYTHONPATH": f"{fork_server.PROJECT}:{sys.argv[1]}"}
signal.signal(signal.SIGINT, signal.SIG_IGN)
sandbox.preload()
worker = os.getpid()
if os.fork():
    while True:
        signal.pause()
os.setpgrp()
die_with_parent(worker)
def tell(pid):
    print(os.getpid(), fork_server.current().pid, int(pid), flush=True)
sandbox.read("busy", Path("x"), {}, memory_mb=256, cpu_sec=100, on_progress=tell)
"""


@dataclass
class Family:
    """A worker with its fork server, and its work-horse with the child that reads for it."""

    worker: psutil.Process
    horse: psutil.Process
    server: psutil.Process
    child: psutil.Process
    errors: Path

    def end(self) -> None:
        """Kill the worker: nobody outlives it."""
        all_end([self.horse, self.server, self.child], self.worker.kill)


def all_end(processes: list[psutil.Process], act: Callable[[], object]) -> None:
    """`act`, and wait until none of them runs any more; whether their parent has noticed does not matter."""
    act()
    wait_until(lambda: not [process for process in processes if runs(process)])


def runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    (tmp_path / "busy.py").write_text(BUSY)
    errors = tmp_path / "errors"
    with (
        errors.open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(tmp_path)],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        ) as worker,
    ):
        assert worker.stdout is not None
        told = worker.stdout.readline().split()
        assert told, errors.read_text()
        horse, server, child = (psutil.Process(int(pid)) for pid in told)
        yield Family(psutil.Process(worker.pid), horse, server, child, errors)
        worker.kill()
        for process in filter(runs, (horse, server, child)):
            process.kill()


def test_a_killed_work_horse_takes_its_child_along(family: Family) -> None:
    assert family.child.ppid() == family.server.pid
    all_end([family.child], family.horse.kill)
    wait_until(lambda: not family.server.children())
    family.end()


def test_a_child_dies_with_the_group_of_its_work_horse(family: Family) -> None:
    group = family.horse.pid
    assert os.getpgid(family.child.pid) == group
    family.server.suspend()  # not even the fork server is needed for that
    all_end([family.horse, family.child], lambda: os.killpg(group, signal.SIGKILL))
    family.server.resume()
    wait_until(lambda: not family.server.children())


def test_a_killed_worker_takes_everything_along(family: Family) -> None:
    family.end()


def test_a_killed_worker_takes_a_frozen_fork_server_along(family: Family) -> None:
    family.server.suspend()
    family.end()


def test_a_killed_fork_server_takes_its_children_along(family: Family) -> None:
    all_end([family.server, family.child, family.horse], family.server.kill)  # the horse of WorkerLost
    assert "fork server ended while busy was running" in family.errors.read_text()
    assert family.worker.is_running()


def test_what_is_sent_to_the_workers_group_does_not_disturb_the_work_horse(family: Family) -> None:
    """It is the worker who decides what Ctrl-C and supervisord's SIGTERM mean for the session that is running."""
    os.killpg(family.worker.pid, signal.SIGINT)
    family.server.send_signal(signal.SIGTERM)
    family.child.suspend()  # proves that the fork server still waits for its children and for hang-ups
    all_end([family.child], family.horse.kill)
    wait_until(lambda: not family.server.children())
    all_end([family.worker, family.server], lambda: os.killpg(family.worker.pid, signal.SIGTERM))
    assert family.errors.read_text() == ""
