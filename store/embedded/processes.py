"""Processes that must not outlive us: children that die with us, and descendants that are found and ended."""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable, Collection
from pathlib import Path

import psutil

log = logging.getLogger(__name__)

_ON_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True)  # loaded before any fork: a child between fork and exec must not load


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` after which the child gets `death_signal` when the thread that started it ends (Linux only)."""
    parent = os.getpid()

    def before_exec() -> None:
        if _ON_LINUX:
            _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # the parent died before the line above
                os._exit(1)

    return before_exec


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that none is lost from sight (Linux only)."""
    if _ON_LINUX:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(known: Collection[int]) -> None:
    """Collect adopted children that have ended, but none of `known`, whose exit codes somebody waits for."""
    while _ON_LINUX:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in known:
            return
        os.waitpid(ended.si_pid, 0)


def end_descendants(grace_sec: float, spare: Collection[int] = ()) -> None:
    """End all our descendants but the processes `spare` and theirs: SIGTERM, and SIGKILL after `grace_sec` seconds."""
    for wait_sec in (grace_sec, 1.0, 1.0):  # again, for children that were born meanwhile
        remaining = _descendants(spare)
        if not remaining:
            return
        end_all(remaining, wait_sec)


def _descendants(spare: Collection[int]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    unseen = psutil.Process().children()
    while unseen:
        process = unseen.pop()
        if process.pid not in spare:
            found.append(process)
            try:
                unseen += process.children()
            except psutil.NoSuchProcess:
                continue
    return found


def end_all(processes: list[psutil.Process], grace_sec: float, first: signal.Signals = signal.SIGTERM) -> None:
    """Send `first` to all, wait `grace_sec` seconds, kill what is left, and wait for that."""
    for sent, wait_sec in ((first, grace_sec), (signal.SIGKILL, 10.0)):
        for process in processes:
            try:
                process.send_signal(sent)
            except psutil.NoSuchProcess:
                continue
        _, processes = psutil.wait_procs(processes, timeout=wait_sec)
        if not processes:
            return


def end_leftovers(program: str, folder: Path) -> None:
    """End processes of `program` that still work in `folder`, such as the backends of a killed Postgres."""
    place = str(folder.resolve())
    leftovers = [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if (process.info["name"] or "").startswith(program) and process.info["cwd"] == place
    ]
    if leftovers:
        log.info("Ending %d %s processes left behind in %s", len(leftovers), program, folder)
        end_all(leftovers, grace_sec=10.0, first=signal.SIGINT)
