"""The files that stand for the cores of this machine: locked by who works on a core, and saying who that is."""

import fcntl
import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from store.settings import settings

RECORD_BYTES = 80
LOCKS = Path("/proc/locks")
STOPPED = "T"  # proc_pid_stat(5)
log = logging.getLogger(__name__)


def count() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0))


def folder() -> Path:
    """Where all of it is."""
    return settings().var_dir / "cores"


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
                    os.pwrite(file, session.encode().ljust(RECORD_BYTES), 0)
                return file
        return None

    def any_free(self) -> bool:
        for file in self._files:
            if lock(file, fcntl.LOCK_SH):
                fcntl.flock(file, fcntl.LOCK_UN)
                return True
        return False

    def sessions(self) -> list[str]:
        """Whose each busy core is; that of a process that was killed is among them until the core is taken again."""
        written = [os.pread(file, RECORD_BYTES, 0).decode(errors="replace").strip() for file in self._files]
        return [session for session in written if session]

    def changed_at(self) -> float:
        """When a core was last taken or given back (Unix time)."""
        return max(os.fstat(file).st_mtime for file in self._files)

    def end_stopped(self) -> None:
        """Kill a process that has a core and has been stopped for as long as a lease. OSError without /proc/locks."""
        for mark in folder().glob(f"stopped.{_namespace()}.*"):
            pid, born = map(int, mark.name.split(".")[2:])
            if _process(pid) != (STOPPED, born):
                mark.unlink(missing_ok=True)
        for pid in self._holders():
            state, born = _process(pid)
            if state != STOPPED or not self._are_open_in(pid):
                continue
            mark = folder() / f"stopped.{_namespace()}.{pid}.{born}"  # since when, on the monotonic clock
            with suppress(FileExistsError), mark.open("x") as file:
                file.write(str(time.monotonic()))
            if time.monotonic() - float(mark.read_text() or time.monotonic()) >= settings().lease_sec:
                log.warning("Process %d has a core and has been stopped for a lease: killed", pid)
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                mark.unlink(missing_ok=True)

    def _holders(self) -> Iterator[int]:
        """Processes that seem to have a core, by the kernel: what they write themselves comes a moment too late."""
        ours = {os.fstat(file).st_ino for file in self._files}
        for line in LOCKS.read_text().splitlines():
            _, kind, _, mode, pid, place, *_ = line.split()  # a process that waits has an arrow as its kind
            if (kind, mode) == ("FLOCK", "WRITE") and int(place.rpartition(":")[2]) in ours and int(pid) > 0:
                yield int(pid)

    def _are_open_in(self, pid: int) -> bool:
        """Whether the process has one of these files open: another file system may use the same numbers."""
        ours = {(stat.st_dev, stat.st_ino) for stat in map(os.fstat, self._files)}
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                stat = file.stat()
                if (stat.st_dev, stat.st_ino) in ours:
                    return True
        return False


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
