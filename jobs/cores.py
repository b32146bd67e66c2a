"""The cores of this machine are one pool: as many processes recognise at a time as there are cores, fairly by session.

`VAR_DIR/cores/core.N` is locked (flock) by the process that works on core N; the kernel frees it when that process
dies. Who finds none free queues with a file in `VAR_DIR/cores/waiting`, which it keeps locked while it lives and
touches while it runs. Sessions that hold fewest cores come first; then the one that has waited longest, counted from
its last chunk's end, however many of its processes wait. A waiting process that was stopped is passed over.

All users of one VAR_DIR share the pool, in containers too. Those of another VAR_DIR are not seen.

Nothing is lost for this: where the folder cannot be written or locked, work goes on without the limit.
"""

import fcntl
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jobs.core_files import Cores, folder, give_back, lock

LOOK_SEC = 0.025  # how often a waiting process looks; a look takes about 0.05 ms
TOUCH_SEC = 0.5
SILENT_SEC = 2.0  # a waiting process that has not touched its ticket for so long is passed over
STUCK_SEC = 600.0  # no core has changed hands for so long: something that we cannot see stands still
OLD_SEC = 3600.0
UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
log = logging.getLogger(__name__)


def prepare() -> bool:
    """Whether the limit can be kept here; when not, a warning in the log says so."""
    try:
        with Cores() as cores:
            cores.any_free()
        for left in folder().glob("new.*"):  # by processes that were killed
            if time.time() - left.stat().st_mtime > OLD_SEC:
                left.unlink(missing_ok=True)
    except FileNotFoundError:
        return True  # another process has cleaned it up
    except OSError as error:
        log.warning("The limit of one recognising process a core cannot be kept in %s: %s", folder(), error)
        return False
    return True


@contextmanager
def core(session: str) -> Iterator[None]:
    """Hold a core for the length of a `with`; waits until it is this session's turn."""
    name = UNSAFE.sub("", session)[:64] or "-"
    try:
        held = _take(name)
    except OSError as error:
        log.debug("Going on without a core: %s", error)
        held = None
    try:
        yield
    finally:
        if held is not None:
            with suppress(OSError):
                _to_the_end(name)
            give_back(held)


def is_spare() -> bool:
    """Whether a core is free and nobody waits for it; True where the limit cannot be kept."""
    try:
        if any(_stands(ticket) for ticket in _tickets()):
            return False
        with Cores() as cores:
            return cores.any_free()
    except OSError:
        return True


def end_stopped() -> None:
    """Kill a process that has a core and has been stopped (SIGSTOP) for as long as a lease: it does not work.

    To be called about once a second by whoever needs the cores.
    """
    with suppress(OSError), Cores() as cores:
        cores.end_stopped()


def _take(session: str) -> int:
    """The locked file of a core. Raises OSError where that cannot be done."""
    ticket = _stamped(f"{os.getpid()}.{session}")
    with Cores() as cores:
        if _is_first(ticket, cores) and (held := cores.take(session)) is not None:
            return held
        place = _queue_up(ticket)
        try:
            return _wait(ticket, place, cores)
        finally:
            with suppress(OSError):
                (_waiting() / _latest(ticket, _tickets())).unlink()
            os.close(place)


def _wait(ticket: str, place: int, cores: Cores) -> int:
    touched = time.monotonic()
    while True:
        if _is_first(ticket, cores) and (held := cores.take(_session(ticket))) is not None:
            return held
        time.sleep(LOOK_SEC)
        if time.monotonic() - touched < TOUCH_SEC:
            continue
        touched = time.monotonic()
        os.utime(place)
        with suppress(OSError):
            cores.end_stopped()
        if time.time() - cores.changed_at() > STUCK_SEC:
            log.warning("No core has changed hands for %.0f s: going on without the limit", STUCK_SEC)
            raise TimeoutError


def _queue_up(ticket: str) -> int:
    """The ticket's open file. It is locked before others see it, since one without a lock is a dead process's."""
    _waiting().mkdir(exist_ok=True)
    unseen = folder() / f"new.{os.getpid()}"
    place = os.open(unseen, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        lock(place, fcntl.LOCK_EX)
        unseen.rename(_waiting() / ticket)
    except OSError:
        os.close(place)
        raise
    return place


def _is_first(ticket: str, cores: Cores) -> bool:
    """Whether nobody comes before this ticket, for which its file need not be there yet."""
    held = Counter(cores.sessions())

    def turn(one: str) -> tuple[int, str]:
        return held[_session(one)], one

    tickets = _tickets()
    ours = turn(_latest(ticket, tickets))
    return not any(turn(other) < ours and _stands(other) for other in tickets)


def _stands(ticket: str) -> bool:
    """Whether the process with this ticket waits: it lives, and was not stopped."""
    try:
        file = os.open(_waiting() / ticket, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if lock(file, fcntl.LOCK_SH):
            (_waiting() / ticket).unlink(missing_ok=True)
            return False
        return time.time() - os.fstat(file).st_mtime < SILENT_SEC
    finally:
        os.close(file)


def _tickets() -> list[str]:
    try:
        return os.listdir(_waiting())
    except FileNotFoundError:
        return []


def _stamped(name: str) -> str:
    """A ticket of this process and session (`{pid}.{session}`), from now on."""
    return f"{time.monotonic_ns():020d}.{name}"


def _latest(ticket: str, tickets: list[str]) -> str:
    """The ticket's name now: another process of its session may have renamed it."""
    name = ticket.partition(".")[2]
    return next((other for other in tickets if other.partition(".")[2] == name), ticket)


def _to_the_end(session: str) -> None:
    """Have the session's waiting processes wait from now on: it has just had its turn."""
    for ticket in _tickets():
        with suppress(FileNotFoundError):
            if _session(ticket) != session:
                continue
            (_waiting() / ticket).rename(_waiting() / _stamped(ticket.partition(".")[2]))


def _session(ticket: str) -> str:
    return ticket.split(".", 2)[2]


def _waiting() -> Path:
    return folder() / "waiting"
