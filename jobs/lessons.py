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


class _UntilAnother:
    """What was learned of an engine and its model, until another session of the engine has finished."""

    def __init__(self, learn: Callable[[Session, str, str], Lessons]) -> None:
        self._learn = learn
        self._lock = Lock()
        self._last: dict[tuple[str, str], tuple[uuid.UUID, Lessons]] = {}

    def get(self, db: Session, engine: str) -> Lessons:
        latest = latest_finished(db, engine)
        if latest is None:
            return Lessons()
        key = (engine, registry.engine_model(engine))
        with self._lock:
            known = self._last.get(key)
        if known is not None and known[0] == latest:
            return known[1]
        learned = self._learn(db, *key)
        with self._lock:
            self._last[key] = (latest, learned)
        return learned


def lessons(db: Session, engine: str) -> Lessons:
    """What there is to learn now."""
    return _all.get(db, engine)


def lessons_of_each(db: Session) -> Callable[[str], Lessons]:
    """`lessons` for many sessions, asked once an engine."""
    return cache(lambda engine: lessons(db, engine))


def expected(db: Session, engine: str, duration_sec: float, *, at_once: int) -> Expectation:
    """As `Lessons.expect`, without reading the errors of earlier estimates: for a claim, which others wait for."""
    return _paces.get(db, engine).expect(duration_sec, at_once=at_once)


def _learn_paces(db: Session, engine: str, model: str) -> Lessons:
    return Lessons(tuple(Finished(*pace) for pace in finished_paces(db, engine, model)))


def _learn_all(db: Session, engine: str, model: str) -> Lessons:
    by_session = groupby(outcomes_to_learn(db, engine, model), key=lambda outcome: outcome.session_id)
    scores = [{one.fraction: math.log(one.actual_sec / one.raw_sec) for one in group} for _, group in by_session]
    return Lessons(_learn_paces(db, engine, model).finished, calibrate(scores))


_paces, _all = _UntilAnother(_learn_paces), _UntilAnother(_learn_all)
