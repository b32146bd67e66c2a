"""The deterministic part: every crash point is armed once, and the suite waits until a process has passed it."""

import os
import signal
import threading
import time
from collections import defaultdict
from contextlib import suppress

import psycopg2

from tests.faults import crash_points
from tests.faults.crash_points import Action, CrashPoint, Until
from tests.faults.database_faults import asking
from tests.faults.desk import Desk
from tests.faults.faults import FaultLog, NothingToHit
from tests.faults.schedule import Planned

POLL_SEC = 0.1
TAKEOVER_POLL_SEC = 0.02  # a session whose chunks are done is completed soon after it was taken over
REARM_SEC = 4.0  # a point that needs another one gets it again, should somebody else have used it up
TAKEN_OVER_WITHIN_SEC = 6.0  # after the lease
SUBMITTED_WITHIN_SEC = 20.0  # after that: so long nobody is certain that the frozen one's operation cannot arrive

_locks: dict[str, threading.Lock] = defaultdict(threading.Lock)  # one name is armed with one action at a time


def fall(desk: Desk, log: FaultLog, planned: Planned, deadline: float) -> None:
    """Arm the point and see it through; counts as missed when nobody came by before `deadline` (monotonic)."""
    point = planned.point
    assert point is not None
    with _locks[point.name], log.falling(planned) as fault:
        note = _wait(desk, point, deadline)
        fault.began = note["at"]
        fault.workers = {note["pid"], note["parent"]}
        if point.action in (Action.STOP, Action.SUSPEND):
            try:
                _wait_for_takeover(desk, note["parent"], point.until)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(note["group"], signal.SIGCONT)


def _wait(desk: Desk, point: CrashPoint, deadline: float) -> dict[str, float]:
    crash_points.forget(desk.folder, point.name)
    crash_points.arm(desk.folder, point.name, point.action)
    armed_at = float("-inf")
    while time.monotonic() < deadline:
        if time.monotonic() - armed_at > REARM_SEC:
            armed_at = time.monotonic()
            for name in point.needs:
                action = Action.KILL_ONE if name.startswith("engine.") else Action.KILL
                crash_points.arm(desk.folder, name, action)
        note = crash_points.fired(desk.folder, point.name)
        if note and note["action"] == point.action:
            return note
        if note:  # somebody else's need had the same name
            crash_points.forget(desk.folder, point.name)
            crash_points.arm(desk.folder, point.name, point.action)
        time.sleep(POLL_SEC)
    crash_points.disarm(desk.folder, point.name)
    raise NothingToHit


def _wait_for_takeover(desk: Desk, worker_pid: int, until: Until) -> None:
    """Until another claim is at work on what the frozen worker held (or more, as `until` says), or until that has had
    its time."""
    again = until is Until.SUBMITTED_AGAIN
    begun = time.monotonic()
    deadline = begun + desk.options.lease_sec + TAKEN_OVER_WITHIN_SEC + (SUBMITTED_WITHIN_SEC if again else 0)
    held_by = begun + desk.options.lease_sec + 1  # a claim that was not committed is not seen, and blocks all others
    while time.monotonic() < held_by:
        with suppress(psycopg2.Error), asking(desk) as ask:
            held = ask(_HELD.format(pid=int(worker_pid)))
            while held and time.monotonic() < deadline:
                if ask((_SUBMITTED if again else _TAKEN).format(session_id=held[0][0], claim_no=held[0][1])):
                    return
                time.sleep(TAKEOVER_POLL_SEC)
        time.sleep(POLL_SEC)


_HELD = """
    SELECT id, claim_no FROM session
    WHERE worker ~ '-{pid}(-|$)' AND status = 'processing' ORDER BY heartbeat_at DESC LIMIT 1
"""
_TAKEN = "SELECT 1 FROM session WHERE id = '{session_id}' AND claim_no > {claim_no} AND status = 'processing'"
_SUBMITTED = """
    SELECT 1 FROM session JOIN remote_operation ON session_id = session.id
    WHERE session.id = '{session_id}' AND claim_no > {claim_no} AND accepted_at IS NOT NULL
"""
