"""The places at which a process dies, freezes or loses its database once, exactly there. Production code has no hooks:
the suite's launchers (launch.py) wrap the product's functions, seams.py says which.

A point is armed by a file of its name in `VAR_DIR/points/armed` that holds the action. Whoever comes by first moves it
to `points/fired` (a rename: only one process can), writes its process id and the time into it, and acts.
"""

import json
import os
import signal
import threading
import time
import uuid
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

FOLDER = Path("points")
FOREVER_SEC = 1e6


class Action(StrEnum):
    KILL = "kill"  # SIGKILL to the process group
    KILL_ONE = "kill-one"  # SIGKILL to the process alone
    STOP = "stop"  # SIGSTOP to the process group; the suite lets it go on when another worker has taken over
    SUSPEND = "suspend"  # the same, and its monotonic clock stands still too, as on a suspended host
    HANG = "hang"  # from now on no call of this process to the database returns


class Until(StrEnum):
    """How long a frozen process stands still."""

    TAKEN_OVER = "taken over"  # until another worker holds what it held
    SUBMITTED_AGAIN = "submitted again"  # and has given up finding its operation, and has had another one accepted


@dataclass(frozen=True)
class CrashPoint:
    """A place and what happens there. `needs` are points that are armed with it, so that it is reached at all."""

    name: str
    action: Action = Action.KILL
    needs: tuple[str, ...] = ()
    until: Until = Until.TAKEN_OVER

    @property
    def kind(self) -> str:
        """What the report calls it."""
        long = f" until {self.until}" if self.until is not Until.TAKEN_OVER else ""
        return f"at {self.name} ({self.action}{long})"


def around_commit(*steps: str) -> tuple[CrashPoint, ...]:
    return tuple(CrashPoint(f"{step}.{moment}") for step in steps for moment in ("before_commit", "after_commit"))


LOST_WORKER = ("claim.after_commit",)
UPLOAD = (
    CrashPoint("audio.before_storing"),
    CrashPoint("audio.after_storing"),
    CrashPoint("upload.probed"),
    *around_commit("upload", "keep", "start"),
    CrashPoint("doorbell.before_ringing"),
    CrashPoint("doorbell.after_ringing"),
    *around_commit("cancel", "retry"),
)
WORK = (
    CrashPoint("worker.dequeued"),
    CrashPoint("horse.woken"),
    *around_commit("claim"),
    CrashPoint("claim.before_first_heartbeat"),
    *around_commit("heartbeat"),
    CrashPoint("audio.decoded"),
    *around_commit("resume"),
    CrashPoint("engine.in_chunk", Action.KILL_ONE),
    *around_commit("checkpoint", "complete"),
    CrashPoint("horse.finished"),
    CrashPoint("hand_back.before_commit", needs=("engine.in_chunk",)),
    CrashPoint("hand_back.after_commit", needs=("engine.in_chunk",)),
)
RECONCILE = (
    CrashPoint("reconciler.found_lost", needs=LOST_WORKER),
    CrashPoint("takeover.before_commit", needs=LOST_WORKER),
    CrashPoint("takeover.after_commit", needs=LOST_WORKER),
    CrashPoint("reconciler.before_ringing", needs=LOST_WORKER),
)
FROZEN = (
    CrashPoint("claim.before_commit", Action.STOP),
    CrashPoint("claim.before_first_heartbeat", Action.STOP),
    CrashPoint("complete.begins", Action.STOP),
    CrashPoint("complete.before_commit", Action.STOP),
    CrashPoint("checkpoint.begins", Action.SUSPEND),
    CrashPoint("complete.begins", Action.SUSPEND),
    CrashPoint("checkpoint.begins", Action.HANG),
    CrashPoint("heartbeat.begins", Action.HANG),
)

_hanging = threading.Event()


class Clock:
    """Stands in for the module `time` in the product's processes: `monotonic` can be made to stand still."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._lost_sec = 0.0

    def monotonic(self) -> float:
        return (time.monotonic() if self._since is None else self._since) - self._lost_sec

    def stand_still(self) -> None:
        self._since = time.monotonic()

    def go_on(self) -> None:
        if self._since is not None:
            self._lost_sec += time.monotonic() - self._since
            self._since = None

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)


clock = Clock()


def arm(var_dir: Path, name: str, action: Action) -> None:
    """Have the next process that passes `name` act. The file appears whole: it is written beside and moved."""
    folder = var_dir / FOLDER
    for part in ("armed", "fired", "written"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    written = folder / "written" / f"{name}-{uuid.uuid4()}"
    written.write_text(action)
    written.rename(folder / "armed" / name)


def disarm(var_dir: Path, name: str) -> None:
    (var_dir / FOLDER / "armed" / name).unlink(missing_ok=True)


def fired(var_dir: Path, name: str) -> dict[str, Any] | None:
    """Who passed the armed point and when: pid, group, parent, at (Unix time), action; None while nobody did."""
    try:
        return json.loads((var_dir / FOLDER / "fired" / name).read_text())
    except (FileNotFoundError, ValueError):  # not yet, or not written yet
        return None


def forget(var_dir: Path, name: str) -> None:
    """Make the point ready to be armed again."""
    (var_dir / FOLDER / "fired" / name).unlink(missing_ok=True)


def passing(name: str) -> None:
    """Called in the product's processes at each point."""
    if _hanging.is_set():
        time.sleep(FOREVER_SEC)
    folder = Path(os.environ["VAR_DIR"]) / FOLDER
    try:
        action = Action((folder / "armed" / name).read_text())
        (folder / "armed" / name).rename(folder / "fired" / name)
    except FileNotFoundError:
        return
    note = {"pid": os.getpid(), "group": os.getpgrp(), "parent": os.getppid(), "at": time.time(), "action": action}
    (folder / "fired" / name).write_text(json.dumps(note))
    _act(action)


def _act(action: Action) -> None:
    match action:
        case Action.KILL:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        case Action.KILL_ONE:
            os.kill(os.getpid(), signal.SIGKILL)
        case Action.STOP:
            os.killpg(os.getpgrp(), signal.SIGSTOP)
        case Action.SUSPEND:
            clock.stand_still()
            os.killpg(os.getpgrp(), signal.SIGSTOP)
            clock.go_on()
        case Action.HANG:
            _hanging.set()
            time.sleep(FOREVER_SEC)


def hang_if_told() -> None:
    """Called before each use of the database."""
    if _hanging.is_set():
        time.sleep(FOREVER_SEC)
