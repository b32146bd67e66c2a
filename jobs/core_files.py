"""The files that stand for the cores of this machine: locked by who works on a core, and saying who that is."""

import fcntl
import logging
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from store.settings import settings

RECORD_BYTES = 160
STOPPED = "T"  # proc_pid_stat(5)
log = logging.getLogger(__name__)


def count() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0))


def folder() -> Path:
    """Where all of it is."""
    return settings().var_dir / "cores"


class Holder(NamedTuple):
    """What a core's file says of the process that took it last; it may be gone."""

    session: str
    namespace: int = 0  # of process ids
    pid: int = 0
    born: int = 0  # in clock ticks since the boot


class Cores:
    """The files of all cores, open. A lock belongs to the open file, so a forked process has to open them itself."""

    def __init__(self) -> None:
        self._files: list[int] = []

    def __enter__(self) -> "Cores":
        folder().mkdir(parents=True, exist_ok=True)
        try:
            for number in range(count()):
                path = folder() / f"core.{number}"
                self._files.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644))
        except OSError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            os.close(file)
        self._files = []

    def take(self, session: str) -> int | None:
        """The locked file of a free core, which the caller closes to free it; None when all are busy."""
        for file in self._files:
            if lock(file, fcntl.LOCK_EX):
                self._files.remove(file)
                with suppress(OSError):
                    os.pwrite(file, _record(session).encode().ljust(RECORD_BYTES), 0)
                return file
        return None

    def any_free(self) -> bool:
        for file in self._files:
            if lock(file, fcntl.LOCK_SH):
                fcntl.flock(file, fcntl.LOCK_UN)
                return True
        return False

    def holders(self) -> list[Holder]:
        """Of each core that was taken; one whose process was killed is among them until it is taken again."""
        found = []
        for file in self._files:
            session, *identity = os.pread(file, RECORD_BYTES, 0).decode(errors="replace").split() or [""]
            if session:
                with suppress(ValueError, TypeError):
                    found.append(Holder(session, *map(int, identity)))
        return found

    def changed_at(self) -> float:
        """When a core was last taken or given back (Unix time)."""
        return max(os.fstat(file).st_mtime for file in self._files)

    def end_stopped(self) -> None:
        """Kill a process that has a core and has been stopped for as long as a lease."""
        for holder in self.holders():
            if holder.namespace != _namespace():
                continue
            state, born = _process(holder.pid)
            mark = folder() / f"stopped.{holder.pid}.{holder.born}"  # since when, on the monotonic clock
            if state != STOPPED or born != holder.born:
                mark.unlink(missing_ok=True)
                continue
            with suppress(FileExistsError), mark.open("x") as file:
                file.write(str(time.monotonic()))
            since = float(mark.read_text() or time.monotonic())
            if time.monotonic() - since >= settings().lease_sec:
                log.warning("Process %d has a core and has been stopped for a lease: killed", holder.pid)
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(holder.pid, signal.SIGKILL)
                mark.unlink(missing_ok=True)


def _record(session: str) -> str:
    return " ".join(map(str, Holder(session, _namespace(), os.getpid(), _process(os.getpid())[1])))


def _process(pid: int) -> tuple[str, int]:
    """Its state and when it was born; an empty state when it is gone, or there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0
    return fields[0], int(fields[19])


def _namespace() -> int:
    """Process ids of another container mean other processes here."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0


def lock(file: int, kind: int) -> bool:
    """Lock it, unless another process has; OSError where files cannot be locked."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def give_back(file: int) -> None:
    """Free the core of this locked file."""
    with suppress(OSError):
        os.pwrite(file, b" " * RECORD_BYTES, 0)
    os.close(file)
