"""The cores of a machine are one pool, for real processes with real locks: killed, stopped, and without any locks."""

import errno
import fcntl
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from jobs import core_files, cores

FORK = get_context("fork")
LEASE_SEC = 0.6
FOREVER_SEC = 60.0


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of two cores with an empty VAR_DIR."""
    monkeypatch.setattr(core_files, "settings", lambda: SimpleNamespace(var_dir=tmp_path, lease_sec=LEASE_SEC))
    monkeypatch.setattr(core_files, "count", lambda: 2)
    monkeypatch.setattr(cores, "TOUCH_SEC", 0.1)
    monkeypatch.setattr(cores, "SILENT_SEC", 0.4)
    return tmp_path


class Workers:
    """Processes that work on chunks; what each did is in a file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "work"
        self.processes: dict[ForkProcess, float] = {}  # and the length of their chunks in seconds

    def start(self, session: str, *, chunk_sec: float, until: float) -> ForkProcess:
        """One that takes a core for `chunk_sec` at a time until a time (monotonic), at least once."""
        process = FORK.Process(target=self._work, args=(session, chunk_sec, until), daemon=True)
        process.start()
        self.processes[process] = chunk_sec
        return process

    def _work(self, session: str, chunk_sec: float, until: float) -> None:
        while True:
            with cores.core(session):
                begun = time.monotonic()
                with self.file.open("a") as file:
                    file.write(f"+ {session} {os.getpid()} {begun}\n")
                time.sleep(chunk_sec)
                ended = time.monotonic()
            with self.file.open("a") as file:
                file.write(f"- {session} {begun} {ended}\n")
            if time.monotonic() >= until:
                return

    def begun(self) -> list[str]:
        """The sessions whose chunks were begun, in order."""
        return [line.split()[1] for line in self._lines() if line.startswith("+")]

    def done(self) -> list[tuple[str, float, float]]:
        found = [line.split() for line in self._lines() if line.startswith("-")]
        return [(session, float(begun), float(ended)) for _, session, begun, ended in found]

    def _lines(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []

    def most_at_once(self) -> int:
        changes = sorted((at, by) for _, begun, ended in self.done() for at, by in ((begun, 1), (ended, -1)))
        at_once = most = 0
        for _, by in changes:
            at_once += by
            most = max(most, at_once)
        return most


@pytest.fixture
def workers(folder: Path) -> Iterator[Workers]:
    started = Workers(folder)
    yield started
    for process, chunk_sec in started.processes.items():
        if chunk_sec < FOREVER_SEC:
            process.join(2)
        process.kill()
        process.join()


def soon(condition: Callable[[], bool], within_sec: float = 15.0) -> float:
    """Seconds until the condition holds; it has to within some."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < within_sec
        time.sleep(0.01)
    return time.monotonic() - begun


def test_no_more_processes_work_than_there_are_cores_and_every_session_moves(workers: Workers) -> None:
    until = time.monotonic() + 0.8
    for session, processes in (("greedy", 4), ("one", 1), ("two", 1)):
        for _ in range(processes):
            workers.start(session, chunk_sec=0.04, until=until)
    for process in workers.processes:
        process.join(20)
    assert workers.most_at_once() == 2
    turns = [session for session, begun, _ in workers.done() if begun < until]
    assert min(turns.count("one"), turns.count("two")) >= 3


def test_a_session_that_had_its_turn_goes_behind_with_all_its_processes(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(core_files, "count", lambda: 1)
    workers.start("holder", chunk_sec=0.5, until=0)
    soon(lambda: workers.begun() == ["holder"])
    for number, session in enumerate(("greedy", "greedy", "greedy", "other", "third"), 1):
        workers.start(session, chunk_sec=0.1, until=0)
        soon(lambda number=number: len(list(folder.glob("cores/waiting/*"))) == number)  # type: ignore[misc]
    soon(lambda: len(workers.begun()) == 6)
    assert workers.begun() == ["holder", "greedy", "other", "third", "greedy", "greedy"]


def test_the_second_core_goes_to_the_session_that_has_none(workers: Workers, folder: Path) -> None:
    workers.start("first", chunk_sec=1.2, until=0)
    soon(lambda: workers.begun() == ["first"])
    workers.start("other", chunk_sec=0.4, until=0)
    soon(lambda: workers.begun() == ["first", "other"])
    workers.start("first", chunk_sec=0.1, until=0)
    soon(lambda: bool(list(folder.glob("cores/waiting/*"))))
    workers.start("late", chunk_sec=0.1, until=0)
    soon(lambda: len(workers.begun()) == 4)
    assert workers.begun() == ["first", "other", "late", "first"]


def test_a_core_is_free_as_soon_as_its_holder_is_killed(workers: Workers) -> None:
    holders = [workers.start("killed", chunk_sec=FOREVER_SEC, until=0) for _ in range(2)]
    soon(lambda: len(workers.begun()) == 2)
    workers.start("waiting", chunk_sec=0.01, until=0)
    time.sleep(0.2)
    assert "waiting" not in workers.begun()
    holders[0].kill()
    assert soon(lambda: "waiting" in workers.begun()) < 0.5


def test_a_holder_that_is_stopped_loses_its_core_after_a_lease(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    holders = [workers.start("stopped", chunk_sec=FOREVER_SEC, until=0) for _ in range(2)]
    soon(lambda: len(workers.begun()) == 2)
    os.kill(holders[1].pid or 0, signal.SIGSTOP)
    workers.start("waiting", chunk_sec=0.01, until=0)
    assert soon(lambda: "waiting" in workers.begun()) > LEASE_SEC / 2
    holders[1].join(1)
    assert holders[1].exitcode == -signal.SIGKILL
    assert holders[0].is_alive()
    assert not list(workers.file.parent.glob("cores/stopped.*"))


def test_a_holder_that_is_stopped_before_it_has_said_who_it_is_loses_its_core_too(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_instead(_file: int, _record: bytes, _at: int) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    monkeypatch.setattr(core_files, "count", lambda: 1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", stop_instead)
        stopped = workers.start("stopped", chunk_sec=FOREVER_SEC, until=0)
    soon(lambda: psutil.Process(stopped.pid).status() == psutil.STATUS_STOPPED)
    with cores.core("waiting"):
        pass
    stopped.join(1)
    assert stopped.exitcode == -signal.SIGKILL


def test_a_holder_that_goes_on_in_time_keeps_its_core(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_files, "count", lambda: 1)
    holder = workers.start("paused", chunk_sec=0.8, until=0)
    soon(lambda: workers.begun() == ["paused"])
    workers.start("waiting", chunk_sec=0.01, until=0)
    os.kill(holder.pid or 0, signal.SIGSTOP)
    time.sleep(0.3)
    os.kill(holder.pid or 0, signal.SIGCONT)
    soon(lambda: len(workers.done()) == 2)
    assert [session for session, *_ in workers.done()] == ["paused", "waiting"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_one_that_is_killed_or_stopped_while_it_waits_holds_up_nobody(
    number: signal.Signals, workers: Workers, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(core_files, "count", lambda: 1)
    workers.start("holder", chunk_sec=0.2, until=0)
    soon(lambda: workers.begun() == ["holder"])
    first = workers.start("first", chunk_sec=0.01, until=0)
    soon(lambda: bool(list(folder.glob("cores/waiting/*"))))
    workers.start("second", chunk_sec=0.01, until=0)
    os.kill(first.pid or 0, number)
    soon(lambda: "second" in workers.begun())
    if number == signal.SIGSTOP:
        os.kill(first.pid or 0, signal.SIGCONT)
        soon(lambda: "first" in workers.begun())
    soon(lambda: not os.listdir(folder / "cores/waiting"))


def test_spare_is_a_core_that_nobody_waits_for(workers: Workers) -> None:
    assert cores.prepare()
    assert cores.is_spare()
    workers.start("one", chunk_sec=FOREVER_SEC, until=0)
    soon(lambda: len(workers.begun()) == 1)
    assert cores.is_spare()
    two = workers.start("two", chunk_sec=FOREVER_SEC, until=0)
    soon(lambda: len(workers.begun()) == 2)
    assert not cores.is_spare()
    two.kill()
    soon(cores.is_spare)


def test_what_one_process_takes_it_gives_back(folder: Path) -> None:
    for _ in range(3):
        with cores.core("a/../b"), suppress(RuntimeError), cores.core("other"):
            raise RuntimeError
    assert cores.is_spare()
    open_files = [os.readlink(file) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
    assert not [file for file in open_files if str(folder) in file]


def no_locks(_file: int, _kind: int) -> None:
    raise OSError(errno.ENOTSUP, "Operation not supported")


@pytest.mark.parametrize("trouble", ["no locks", "no folder"])
def test_without_locks_work_goes_on_without_the_limit(
    trouble: str, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if trouble == "no locks":
        monkeypatch.setattr(fcntl, "flock", no_locks)
    else:
        (folder / "cores").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert not cores.prepare()
        with cores.core("one"), cores.core("two"), cores.core("three"):
            assert cores.is_spare()
            cores.end_stopped()
    assert len(caplog.records) == 1
    assert "cannot be kept" in caplog.text


def test_waits_not_for_ever_for_what_it_cannot_see(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cores, "STUCK_SEC", 0.2)
    for _ in range(2):
        workers.start("frozen container", chunk_sec=FOREVER_SEC, until=0)
    soon(lambda: len(workers.begun()) == 2)
    with caplog.at_level(logging.WARNING), cores.core("waiting"):
        pass
    assert "going on without the limit" in caplog.text


def test_waiting_costs_next_to_nothing(workers: Workers) -> None:
    for _ in range(2):
        workers.start("holder", chunk_sec=FOREVER_SEC, until=0)
    soon(lambda: len(workers.begun()) == 2)
    waiting = psutil.Process(workers.start("waiting", chunk_sec=FOREVER_SEC, until=0).pid)
    time.sleep(0.1)
    before = sum(waiting.cpu_times()[:2])
    time.sleep(0.5)
    assert sum(waiting.cpu_times()[:2]) - before <= 0.03  # of 0.5 s; the clock ticks every 0.01 s
