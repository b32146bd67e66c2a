"""Processes of the product that are killed or frozen."""

import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from tests.faults.desk import Desk, children, command, is_alive, is_fork_server
from tests.faults.faults import Fault, NothingToHit
from tests.faults.schedule import Planned

PATIENCE_SEC = 3.0
DIE_WITHIN_SEC = 1.0  # a child whose parent was killed; the kernel does it at once…
DYING_WITHIN_SEC = 10.0  # …but one that has its SIGKILL still needs a turn on a core
SIGKILL_PENDING = 1 << (signal.SIGKILL - 1)
BORN_WITHIN_SEC = 6.0  # a fork server binds itself to its parent when its interpreter has started
GUARDED_WITHIN_SEC = 6.0  # beyond the lease, on a busy machine
BUSY_FIRST = 0.8  # how often a worker is chosen that has a work-horse


def horse_killed(desk: Desk, planned: Planned, fault: Fault) -> None:
    horse = _choose(desk.horses, planned)
    _hit(fault, horse.ppid())
    left = children(horse, recursive=True) + desk.sandboxed_for(horse)
    send(horse, signal.SIGKILL)
    _expect_death(fault, left)


def worker_killed(desk: Desk, planned: Planned, fault: Fault) -> None:
    worker = _worker(desk, planned)
    _hit(fault, worker.pid)
    left = children(worker, recursive=True)
    send(worker, signal.SIGKILL)
    _expect_death(fault, left)


def tree_killed(desk: Desk, planned: Planned, fault: Fault) -> None:
    worker = _worker(desk, planned)
    _hit(fault, worker.pid)
    for process in [worker, *children(worker, recursive=True)]:
        send(process, signal.SIGKILL)


def tree_stopped(desk: Desk, planned: Planned, fault: Fault) -> None:
    """Frozen for longer than the lease, as a suspended host would be; then it goes on as if nothing had been."""
    worker = _worker(desk, planned)
    _hit(fault, worker.pid)
    tree = [worker, *children(worker, recursive=True)]
    for process in tree:
        send(process, signal.SIGSTOP)
    try:
        time.sleep(desk.options.lease_sec + planned.lasts_sec)
    finally:
        for process in tree:
            send(process, signal.SIGCONT)


def recogniser_killed(desk: Desk, planned: Planned, fault: Fault) -> None:
    def recognisers() -> list[psutil.Process]:
        return [child for horse in desk.horses() for child in children(horse) if "launch" in " ".join(command(child))]

    recogniser = _choose(recognisers, planned)
    with suppress(psutil.NoSuchProcess):
        _hit(fault, psutil.Process(recogniser.ppid()).ppid())
    send(recogniser, signal.SIGKILL)


def holder_killed(desk: Desk, planned: Planned, fault: Fault) -> None:
    """One that works on a chunk: its core has to be free at once."""
    holder = _choose(lambda: core_holders(desk), planned)
    with suppress(psutil.NoSuchProcess):
        _hit(fault, psutil.Process(holder.ppid()).ppid())
    send(holder, signal.SIGKILL)


def holder_stopped(desk: Desk, planned: Planned, fault: Fault) -> None:
    """One that works on a chunk stands still for good, alone: the product has to kill it after a lease."""
    holder = _choose(lambda: _stopped_with_a_core(desk, planned), planned)
    with suppress(psutil.NoSuchProcess):
        _hit(fault, psutil.Process(holder.ppid()).ppid())
    deadline = time.monotonic() + desk.options.lease_sec + GUARDED_WITHIN_SEC
    while _is_stopped(holder):  # another lane may have let it go on, with all of its group
        if time.monotonic() > deadline:
            fault.survivors.append(f"{holder.pid} was stopped for more than a lease and keeps its core")
            send(holder, signal.SIGKILL)
            return
        time.sleep(0.05)


def _is_stopped(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_STOPPED
    return False


def _stopped_with_a_core(desk: Desk, planned: Planned) -> list[psutil.Process]:
    """One that is stopped now and has a core: it may have given it back in between, then it goes on."""
    holders = core_holders(desk)
    if not holders:
        return []
    chosen = holders[int(planned.draw * len(holders))]
    send(chosen, signal.SIGSTOP)
    time.sleep(0.02)  # until it has obeyed
    if chosen in core_holders(desk):
        return [chosen]
    send(chosen, signal.SIGCONT)
    return []


def core_holders(desk: Desk) -> list[psutil.Process]:
    """Who has a core, as the kernel tells it."""
    cores = {path.stat().st_ino for path in (desk.folder / "cores").glob("core.*")}
    found = []
    for line in Path("/proc/locks").read_text().splitlines():
        _, kind, _, mode, pid, file, *_ = line.replace("-> ", "").split()
        if "->" not in line and kind == "FLOCK" and mode == "WRITE" and int(file.rpartition(":")[2]) in cores:
            with suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(int(pid)))
    return found


def reconciler_killed(desk: Desk, planned: Planned, fault: Fault) -> None:
    send(_choose(lambda: desk.of_kind("reconciler"), planned), signal.SIGKILL)


def web_killed(desk: Desk, planned: Planned, fault: Fault, uploading: Callable[[], int]) -> None:
    """The API dies while at least one client is sending a recording."""
    deadline = time.monotonic() + PATIENCE_SEC
    while not uploading():
        if time.monotonic() > deadline:
            raise NothingToHit
        time.sleep(0.01)
    send(_choose(lambda: desk.of_kind("web"), planned), signal.SIGKILL)


def supervisor_killed(desk: Desk, planned: Planned, fault: Fault) -> None:
    """Everything that it keeps has to die with it, and all of it has to come back."""
    supervisor = desk.supervisor()
    if supervisor is None:
        raise NothingToHit
    left = children(supervisor, recursive=True)
    for worker in desk.of_kind("worker"):
        _hit(fault, worker.pid)
    send(supervisor, signal.SIGKILL)
    _expect_death(fault, left)


def send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _choose(candidates: Callable[[], list[psutil.Process]], planned: Planned) -> psutil.Process:
    """One of them, by the plan's draw; waits a little until there is one."""
    deadline = time.monotonic() + PATIENCE_SEC
    while not (found := candidates()):
        if time.monotonic() > deadline:
            raise NothingToHit
        time.sleep(0.05)
    return found[int(planned.draw * len(found))]


def _worker(desk: Desk, planned: Planned) -> psutil.Process:
    def busy() -> list[psutil.Process]:
        return [worker for worker in desk.of_kind("worker") if desk.horses_of(worker)]

    if random.Random(planned.draw).random() < BUSY_FIRST:
        return _choose(busy, planned)
    return _choose(lambda: desk.of_kind("worker"), planned)


def _hit(fault: Fault, worker_pid: int) -> None:
    fault.workers.add(worker_pid)


def _expect_death(fault: Fault, processes: list[psutil.Process]) -> None:
    """Note whoever lives on although its parent is gone: each one's time runs from then, since they die in turn."""
    orphaned: dict[int, float] = {}
    parents = {process.pid: _parent_of(process) for process in processes}
    while processes := [process for process in processes if is_alive(process)]:
        now, left = time.monotonic(), {process.pid for process in processes}
        for process in processes:
            if parents[process.pid] not in left:
                orphaned.setdefault(process.pid, now)
        late = [p for p in processes if now - orphaned.get(p.pid, now) > _allowance_sec(p)]
        if late:
            fault.survivors += [
                f"{process.pid} ({' '.join(command(process)[-3:])}) lived on after its parent: {fault.kind}"
                for process in late
            ]
            return
        time.sleep(0.05)


def _parent_of(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return process.ppid()
    return 0


def _allowance_sec(process: psutil.Process) -> float:
    if _is_dying(process):
        return DYING_WITHIN_SEC
    return BORN_WITHIN_SEC if is_fork_server(process) else DIE_WITHIN_SEC


def _is_dying(process: psutil.Process) -> bool:
    """Whether the kernel has sent it SIGKILL, which it has not had the time to obey."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        pending = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd:", "ShdPnd:"))]
        return any(signals & SIGKILL_PENDING for signals in pending)
    return False
