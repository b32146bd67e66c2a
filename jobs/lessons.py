"""What finished sessions of an engine teach: how long one takes, and how far estimates were off. Read once a finish."""

import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from threading import Lock

from sqlalchemy.orm import Session

from jobs.engines import registry
from jobs.estimate import Calibration, Expectation, Finished, calibrate, expect
from store.estimates import latest_finished, outcomes_to_learn
from store.speed_queries import finished_paces

MOST_KEPT = 10_000


@dataclass(frozen=True)
class Lessons:
    """The finished sessions of an engine and its model, the latest first, and the errors of earlier estimates."""

    finished: tuple[Finished, ...] = ()
    calibration: Calibration = field(default_factory=Calibration)
    _expected: dict[tuple[float, int], Expectation] = field(default_factory=dict, init=False, compare=False, repr=False)

    def expect(self, duration_sec: float, *, at_once: int = 1) -> Expectation:
        """What a recording of this length is expected to take beside `at_once` - 1 others."""
        known = self._expected.get((duration_sec, at_once))  # the queue is played forward every second
        if known is None:
            if len(self._expected) >= MOST_KEPT:
                self._expected.clear()
            known = self._expected[duration_sec, at_once] = expect(duration_sec, self.finished, at_once=at_once)
        return known


_lock = Lock()
_last: dict[tuple[str, str], tuple[uuid.UUID, Lessons]] = {}


def lessons(db: Session, engine: str) -> Lessons:
    """What there is to learn now. Kept until another session of the engine has finished."""
    latest = latest_finished(db, engine)
    if latest is None:
        return Lessons()
    key = (engine, registry.engine_model(engine))
    with _lock:
        known = _last.get(key)
    if known is not None and known[0] == latest:
        return known[1]
    learned = _learn(db, *key)
    with _lock:
        _last[key] = (latest, learned)
    return learned


def lessons_of_each(db: Session) -> Callable[[str], Lessons]:
    """`lessons` for many sessions, asked once an engine."""
    return cache(lambda engine: lessons(db, engine))


def _learn(db: Session, engine: str, model: str) -> Lessons:
    finished = tuple(Finished(*pace) for pace in finished_paces(db, engine, model))
    by_session = groupby(outcomes_to_learn(db, engine, model), key=lambda outcome: outcome.session_id)
    scores = [{one.fraction: math.log(one.actual_sec / one.raw_sec) for one in group} for _, group in by_session]
    return Lessons(finished, calibrate(scores))
