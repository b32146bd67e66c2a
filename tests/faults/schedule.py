"""Which fault falls when: drawn from a seed, pure, so that the same seed plans the same faults.

Lanes run beside each other, each one fault after another, so that a frozen Postgres meets a killed worker, but two
faults of the same server never meet.
"""

import random
from dataclasses import dataclass

from tests.faults.crash_points import CrashPoint
from tests.faults.kinds import APART_SEC, WORKER_POINTS, Kinds, kinds_of

SHORTEST_FREEZE_SEC, LONGEST_FREEZE_SEC = 2.0, 60.0  # the one long freeze of Redis

WARM_SEC = 3.0  # sessions arrive for so long before the first fault
CALM_SEC = 60.0  # shorter runs do without the faults that take everything down for long
REST_SEC = 1.0  # between the end of a fault and the next of its lane, at least
LONG_FREEZE = "Redis frozen for long"
SUPERVISOR = "supervisor killed"
SUITE = "suite"
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


def draw(seed: int, seconds: float, only: tuple[str, ...] = (), engine: str = SUITE) -> list[Planned]:
    """All faults of a run with this engine, by time. With `only` none but these kinds; a crash point's is
    `at …`, as in the report."""
    chance, kinds = random.Random(seed), kinds_of(engine)
    plan = [fault for lane in kinds.every_sec for fault in _lane(chance, kinds, lane, seconds, only)]
    if seconds >= CALM_SEC and (not only or SUPERVISOR in only):
        plan.append(Planned(seconds * chance.uniform(0.5, 0.6), "processes", SUPERVISOR))
    plan += _points(chance, kinds, seconds, only)
    return sorted(plan, key=lambda fault: (fault.at_sec, fault.lane))


def _lane(chance: random.Random, kinds: Kinds, lane: str, seconds: float, only: tuple[str, ...]) -> list[Planned]:
    every_sec = kinds.every_sec[lane]
    ours = {name: kind for name, kind in kinds.faults.items() if kind.lane == lane and (not only or name in only)}
    bag: list[str] = []
    planned, at_sec = [], chance.uniform(WARM_SEC, _first_sec(every_sec))
    if lane == "queue" and (
        not only or LONG_FREEZE in only
    ):  # early, so that what waits behind it is worked off while other faults fall
        lasts_sec = _long_freeze_sec(kinds.long_freeze_share * seconds)
        planned.append(Planned(at_sec, lane, LONG_FREEZE, lasts_sec))
        at_sec += lasts_sec + REST_SEC
    while ours and at_sec < seconds:
        if not bag:  # every kind once, then by weight: short runs have them all too
            more = [name for name, kind in ours.items() for _ in range(kind.weight - 1)]
            bag = chance.sample(list(ours), k=len(ours)) + chance.sample(more, k=len(more))
        name = bag.pop(0)
        kind = ours[name]
        lasts_sec = min(chance.uniform(kind.shortest_sec, kind.longest_sec), max(seconds - at_sec, 1.0))
        planned.append(Planned(at_sec, lane, name, lasts_sec, chance.random()))
        at_sec += lasts_sec + max(REST_SEC, chance.uniform(0.6, 1.4) * every_sec)
    return planned


def _points(chance: random.Random, kinds: Kinds, seconds: float, only: tuple[str, ...]) -> list[Planned]:
    """The crash points of each program, once each in any order, spread over the first part of the run.

    A short run has not the time for all of them: then some are left out.
    """
    planned = []
    end_sec = SHARE_FOR_POINTS * seconds
    for lane, points in kinds.points.items():
        begin_sec = WARM_SEC
        if lane == WORKER_POINTS and (not only or LONG_FREEZE in only):  # nothing would pass them before
            begin_sec = (
                _first_sec(kinds.every_sec["queue"]) + _long_freeze_sec(kinds.long_freeze_share * seconds) + REST_SEC
            )
        wanted = [point for point in points if not only or point.kind in only]
        chosen = chance.sample(wanted, k=len(wanted)) * (AGAIN_IF_CHOSEN if only else 1)
        step = max((end_sec - begin_sec) / max(len(chosen), 1), APART_SEC[lane])
        planned += [
            Planned(begin_sec + step * number, lane, point.kind, point=point) for number, point in enumerate(chosen)
        ]
    return [fault for fault in planned if fault.at_sec <= end_sec]


def _first_sec(every_sec: float) -> float:
    """When the first fault of a lane may fall at the latest."""
    return WARM_SEC + every_sec / 2


def _long_freeze_sec(seconds: float) -> float:
    return min(LONGEST_FREEZE_SEC, max(SHORTEST_FREEZE_SEC, seconds))
