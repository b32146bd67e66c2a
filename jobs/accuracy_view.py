"""How good the estimates were that people were shown: by engine, by fraction done, and over time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from itertools import groupby
from typing import TypeVar

from jobs.engines.registry import engine_label
from jobs.estimate.scoring import Accuracy, Scored, accuracy
from store.estimates import SUBMITTED, Outcome

Key = TypeVar("Key", tuple[str, float], tuple[str, date])


@dataclass(frozen=True)
class Row:
    """The accuracy of an engine's estimates at some point of a session's life: `At submission`, or `25 % done`."""

    engine: str
    point: str
    accuracy: Accuracy


@dataclass(frozen=True)
class AccuracyView:
    """Of all estimates of the sessions completed in a range of time; `overall` is None without any."""

    overall: Accuracy | None
    rows: list[Row]
    outcomes: list[Outcome]


@dataclass(frozen=True)
class Day:
    """One day of the trend, of one engine."""

    day: date
    engine: str
    accuracy: Accuracy


def figures(outcomes: Sequence[Outcome]) -> AccuracyView:
    """The accuracy of these estimates. Pure."""
    rows = [
        Row(engine_label(engine), point_text(fraction), found)
        for (engine, fraction), found in _by(outcomes, lambda one: (one.engine, one.fraction))
    ]
    return AccuracyView(accuracy([_scored(one) for one in outcomes]), rows, list(outcomes))


def trend(outcomes: Sequence[Outcome], zone: tzinfo) -> list[Day]:
    """The accuracy of each day and engine, days as they are in `zone`. Pure."""
    found = _by(outcomes, lambda one: (one.engine, one.finished_at.astimezone(zone).date()))
    return [Day(day, engine_label(engine), one) for (engine, day), one in found]


def point_text(fraction: float) -> str:
    """When in a session's life an estimate was made."""
    if fraction == SUBMITTED:
        return "At submission"
    return "At the start" if fraction == 0 else f"{fraction:.0%} done"


def _by(outcomes: Sequence[Outcome], key: Callable[[Outcome], Key]) -> list[tuple[Key, Accuracy]]:
    groups = groupby(sorted(outcomes, key=key), key=key)
    found = [(name, accuracy([_scored(one) for one in group])) for name, group in groups]
    return [(name, one) for name, one in found if one is not None]


def _scored(outcome: Outcome) -> Scored:
    return Scored(outcome.estimated_sec, outcome.actual_sec, outcome.low_sec, outcome.high_sec)
