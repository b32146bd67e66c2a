"""A seeded day of mixed uploads: what sessions are told at submission, their wait in the queue included.

Coaches upload in bursts, workers take turns by the product's own rule, and the estimate is the product's: the claims
played forward with what is expected of each session.
"""

import heapq
import math
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.figures import Figure, at_most, within
from jobs.estimate import SUBMITTED, Calibrator, Finished, Shown, expect, raw_sec, waiting
from jobs.estimate.expectation import Expectation
from jobs.estimate.scoring import Scored, accuracy
from jobs.queue_position import Queue
from jobs.queue_wait import Busy, play
from store.queue_queries import Waiting

DAWN = datetime(2025, 1, 1, tzinfo=UTC)
OWNERS = ("anna", "ben", "clara")
WORKERS = 2
WARM = 10


@dataclass
class _Told:
    """A session of the day: what it was told, and how it goes."""

    session: Waiting
    arrived_sec: float
    takes_sec: float
    estimated_sec: float = 0.0
    low_sec: float | None = None
    high_sec: float | None = None
    raw_sec: float = 0.0
    started_sec: float = 0.0
    expectation: Expectation | None = None


def figures(seed: int, sessions: int = 300) -> list[Figure]:
    """The error and the coverage of the estimates at submission of a day, after ten finished sessions."""
    scored = [one for before, one in day(seed, sessions) if before >= WARM]
    found = accuracy(scored)
    name = "a day of mixed uploads: at submission with the wait"
    if found is None:  # too few sessions to have learned from ten
        return [Figure(f"{name}, median error", None)]
    return [
        at_most(f"{name}, median error", found.median_error, 0.2),
        within(f"{name}, coverage", found.coverage, 0.75, 0.85),
    ]


def day(seed: int, sessions: int) -> list[tuple[int, Scored]]:
    """(sessions finished before, estimate at submission and what came of it) of each session, as it was submitted."""
    told = _arrivals(np.random.default_rng([seed, 99]), sessions)
    queued: list[_Told] = []
    running: list[tuple[float, int]] = []
    served: dict[str, datetime] = {}
    finished: list[Finished] = []
    calibrator, scored = Calibrator(), dict[int, tuple[int, Scored]]()

    def start(now: float) -> None:
        while queued and len(running) < WORKERS:
            queue = Queue([one.session for one in queued], _running(told, running), served)
            chosen = queue.take()
            assert chosen is not None
            one = told[chosen.session_id.int]
            queued.remove(one)
            one.started_sec = now
            one.expectation = expect(one.session.duration_total, finished[::-1])
            served[chosen.owner] = DAWN + timedelta(seconds=now)
            heapq.heappush(running, (now + one.takes_sec, chosen.session_id.int))

    def finish_until(now: float) -> None:
        while running and running[0][0] <= now:
            ended, number = heapq.heappop(running)
            one = told[number]
            actual = max(ended - one.arrived_sec, 1.0)
            before, _ = scored[number]
            scored[number] = before, Scored(one.estimated_sec, actual, one.low_sec, one.high_sec)
            calibrator.add({SUBMITTED: math.log(actual / one.raw_sec)})
            finished.append(Finished(one.session.duration_total, one.takes_sec))
            start(ended)

    for number, one in enumerate(told):
        now = one.arrived_sec
        finish_until(now)
        queued.append(one)
        busy = [Busy(told[n].session.owner, _left_sec(told[n], now)) for _, n in running]
        turns = play(
            [other.session for other in queued],
            busy,
            running=_running(told, running),
            last_served=served,
            workers=WORKERS,
            takes=lambda session: (expect(session.duration_total, finished[::-1]).expected_sec, False),
        )
        left = waiting(
            expect(one.session.duration_total, finished[::-1]),
            calibrator.calibration(),
            wait_sec=turns[one.session.session_id].wait_sec,
            resumed_share=0.0,
        )
        one.estimated_sec, one.raw_sec, one.low_sec, one.high_sec = left.sec, left.raw_sec, left.low_sec, left.high_sec
        scored[number] = len(finished), Scored(left.sec, 1.0)
        start(now)
    finish_until(float("inf"))
    return [scored[number] for number in range(len(told))]


def _arrivals(chance: np.random.Generator, sessions: int) -> list[_Told]:
    """Bursts of one to six uploads of one coach; two workers are busy for about two thirds of the time."""
    told: list[_Told] = []
    now = 0.0
    factor = chance.uniform(0.15, 0.4)
    while len(told) < sessions:
        now += chance.exponential(3.5 * 1500 * factor / (WORKERS * 0.67))
        owner = str(chance.choice(OWNERS))
        for _ in range(int(chance.integers(1, 7))):
            audio_sec = float(np.exp(chance.uniform(np.log(120), np.log(5400))))
            takes = (4 + factor * audio_sec) * float(np.exp(chance.normal(0, 0.2)))
            identity, at = uuid.UUID(int=len(told)), now + len(told) * 1e-3
            queued_at = DAWN + timedelta(seconds=at)
            told.append(_Told(Waiting(identity, owner, 1, queued_at, "local", audio_sec), at, takes))
    return sorted(told, key=lambda one: one.arrived_sec)


def _running(told: list[_Told], running: list[tuple[float, int]]) -> dict[str, int]:
    owners = [told[number].session.owner for _, number in running]
    return {owner: owners.count(owner) for owner in owners}


def _left_sec(one: _Told, now: float) -> float:
    """What is expected to be left of a running session, which has reported steadily."""
    assert one.expectation is not None
    elapsed = now - one.started_sec
    done = one.session.duration_total * min(elapsed / one.takes_sec, 1.0)
    return raw_sec(one.expectation, Shown(done, one.session.duration_total, elapsed))
