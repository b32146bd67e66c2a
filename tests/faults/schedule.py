"""Which fault falls when: drawn from a seed, pure, so that the same seed plans the same faults.

Lanes run beside each other, each one fault after another, so that a frozen Postgres meets a killed worker, but two
faults of the same server never meet.
"""

import random
from dataclasses import dataclass

from tests.faults.crash_points import FROZEN, RECONCILE, UPLOAD, WORK, CrashPoint

SHORTEST_FREEZE_SEC, LONGEST_FREEZE_SEC = 2.0, 60.0  # the one long freeze of Redis…
FREEZE_SHARE = 0.2  # …is this share of a run: 30 s in 150 s, and the longest in 300 s and more


@dataclass(frozen=True)
class Kind:
    """A kind of fault: its lane, how often it falls against the others of its lane, and how long it lasts (seconds)."""

    lane: str
    weight: int
    shortest_sec: float = 0.0
    longest_sec: float = 0.0


KINDS: dict[str, Kind] = {
    "work-horse killed": Kind("processes", 5),
    "worker killed": Kind("processes", 5),
    "worker's tree killed": Kind("processes", 3),
    "worker's tree stopped past its lease": Kind("stops", 1, 1.0, 3.0),  # beyond the lease
    "recognising process killed": Kind("processes", 2),
    "reconciler killed": Kind("processes", 3),
    "web killed during an upload": Kind("web", 1),
    "Redis killed, its data gone": Kind("queue", 3),
    "Redis flushed": Kind("queue", 4),
    "Redis frozen": Kind("queue", 2, 2.0, 6.0),
    "Redis out of memory": Kind("queue", 3, 2.0, 5.0),
    "every job enqueued five times": Kind("queue", 4, 2.0, 4.0),
    "Postgres stopped at once": Kind("database", 2),
    "Postgres restarted": Kind("database", 2),
    "Postgres frozen": Kind("database", 2, 2.0, 6.0),
    "backends terminated": Kind("database", 3),
    "backend terminated at COMMIT": Kind("database", 4),
    "connection cut before COMMIT": Kind("database", 4),
    "connection cut after COMMIT": Kind("database", 4),
    "connections cut": Kind("database", 3),
    "connections delayed": Kind("database", 2, 2.0, 4.0),
    "connections silent": Kind("database", 2, 1.0, 3.0),
    "connections refused": Kind("database", 2, 1.0, 3.0),
    "disk full for audio": Kind("disk", 1, 2.0, 4.0),
}
EVERY_SEC = {"processes": 3.2, "stops": 14.0, "web": 30.0, "queue": 7.0, "database": 5.0, "disk": 30.0}
WARM_SEC = 3.0  # sessions arrive for so long before the first fault
CALM_SEC = 60.0  # shorter runs do without the faults that take everything down for long
REST_SEC = 1.0  # between the end of a fault and the next of its lane, at least
LONG_FREEZE = "Redis frozen for long"
SUPERVISOR = "supervisor killed"
WORKER_POINTS = "points of the worker"
CRASH_LANES: dict[str, tuple[tuple[CrashPoint, ...], float]] = {  # and how far apart they fall at least, in seconds
    "points of the web process": (UPLOAD, 7.0),  # which needs some to come back
    WORKER_POINTS: ((*WORK, *FROZEN), 0.8),
    "points of the reconciler": (RECONCILE, 4.0),
}
SHARE_FOR_POINTS = 0.85  # of the run; what is armed later might not be reached
AGAIN_IF_CHOSEN = 3  # how often a crash point falls in a run that was asked for it


@dataclass(frozen=True)
class Planned:
    """A fault to come: `at_sec` after the start, lasting `lasts_sec`; `draw` (0 to 1) chooses whom it hits."""

    at_sec: float
    lane: str
    kind: str
    lasts_sec: float = 0.0
    draw: float = 0.0
    point: CrashPoint | None = None


def draw(seed: int, seconds: float, only: tuple[str, ...] = ()) -> list[Planned]:
    """All faults of a run, by time. With `only` none but these kinds; a crash point's is `at …`, as in the report."""
    chance = random.Random(seed)
    plan = [fault for lane in EVERY_SEC for fault in _lane(chance, lane, seconds, only)]
    if seconds >= CALM_SEC and (not only or SUPERVISOR in only):
        plan.append(Planned(seconds * chance.uniform(0.5, 0.6), "processes", SUPERVISOR))
    plan += _points(chance, seconds, only)
    return sorted(plan, key=lambda fault: (fault.at_sec, fault.lane))


def _lane(chance: random.Random, lane: str, seconds: float, only: tuple[str, ...]) -> list[Planned]:
    kinds = [name for name, kind in KINDS.items() if kind.lane == lane and (not only or name in only)]
    bag: list[str] = []
    planned, at_sec = [], chance.uniform(WARM_SEC, _first_sec(lane))
    if lane == "queue" and (
        not only or LONG_FREEZE in only
    ):  # early, so that what waits behind it is worked off while other faults fall
        lasts_sec = _long_freeze_sec(seconds)
        planned.append(Planned(at_sec, lane, LONG_FREEZE, lasts_sec))
        at_sec += lasts_sec + REST_SEC
    while kinds and at_sec < seconds:
        if not bag:  # every kind once, then by weight: short runs have them all too
            more = [name for name in kinds for _ in range(KINDS[name].weight - 1)]
            bag = chance.sample(kinds, k=len(kinds)) + chance.sample(more, k=len(more))
        name = bag.pop(0)
        kind = KINDS[name]
        lasts_sec = min(chance.uniform(kind.shortest_sec, kind.longest_sec), max(seconds - at_sec, 1.0))
        planned.append(Planned(at_sec, lane, name, lasts_sec, chance.random()))
        at_sec += lasts_sec + max(REST_SEC, chance.uniform(0.6, 1.4) * EVERY_SEC[lane])
    return planned


def _points(chance: random.Random, seconds: float, only: tuple[str, ...]) -> list[Planned]:
    """The crash points of each program, once each in any order, spread over the first part of the run.

    A short run has not the time for all of them: then some are left out.
    """
    planned = []
    end_sec = SHARE_FOR_POINTS * seconds
    for lane, (points, shortest_sec) in CRASH_LANES.items():
        begin_sec = WARM_SEC
        if lane == WORKER_POINTS and (not only or LONG_FREEZE in only):  # nothing would pass them before
            begin_sec = _first_sec("queue") + _long_freeze_sec(seconds) + REST_SEC
        wanted = [point for point in points if not only or point.kind in only]
        chosen = chance.sample(wanted, k=len(wanted)) * (AGAIN_IF_CHOSEN if only else 1)
        step = max((end_sec - begin_sec) / max(len(chosen), 1), shortest_sec)
        planned += [
            Planned(begin_sec + step * number, lane, point.kind, point=point) for number, point in enumerate(chosen)
        ]
    return [fault for fault in planned if fault.at_sec <= end_sec]


def _first_sec(lane: str) -> float:
    """When the first fault of a lane may fall at the latest."""
    return WARM_SEC + EVERY_SEC[lane] / 2


def _long_freeze_sec(seconds: float) -> float:
    return min(LONGEST_FREEZE_SEC, max(SHORTEST_FREEZE_SEC, FREEZE_SHARE * seconds))
