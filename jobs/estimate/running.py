"""How long a running attempt still takes: what was expected and what it has shown, each for what it is worth. Pure."""

import math
from dataclasses import dataclass, replace

from jobs.estimate.expectation import Expectation
from jobs.estimate.intervals import SUBMITTED, Bounds, Calibration
from jobs.estimate.pace import Lately, present

LEAST_REMAINING_SEC = 1.0
DECILE = 1.2816  # standard deviations from the middle to the 10 % and 90 % quantiles
NOISE = 0.003  # variance of the log of an attempt's own pace after half of its audio


@dataclass(frozen=True)
class Shown:
    """What an attempt had shown at its last report: seconds of audio done, by earlier attempts too; seconds since it
    began, and how many of these it prepared the audio, before the first could be done; and its pace lately, where it
    reports often enough to have one."""

    processed_sec: float
    total_sec: float
    elapsed_sec: float
    resumed_sec: float = 0.0
    prepared_sec: float = 0.0
    lately: Lately | None = None

    @property
    def fraction(self) -> float:
        """The share of this attempt's own work that is done: what can be observed of it."""
        return share(self.processed_sec - self.resumed_sec, self.total_sec - self.resumed_sec)


@dataclass(frozen=True)
class Remaining:
    """Seconds left, at least 1. The interval holds 8 times out of 10, as `sessions` finished ones tell; it is None for
    a rough estimate. `overdue`: longer than 9 of 10 similar sessions."""

    sec: float
    low_sec: float | None
    high_sec: float | None
    sessions: int
    raw_sec: float  # before the interval drew it in: what intervals are learned from
    overdue: bool = False


def raw_sec(expectation: Expectation, shown: Shown) -> float:
    """Seconds left at the attempt's last report, at least 1.

    With f the share of its work that the attempt has done, its own pace (the mean since the preparation, or that of
    lately where it has changed, see jobs/estimate/pace.py) says how long the rest takes, with a variance of
    NOISE · (1 - f) / f in logs; the expectation says what is left of itself, with the variance that its spread stands
    for. The two are averaged in logs, each weighted with the other's variance, so the pace counts from the first
    seconds of audio on, and soon counts most.
    """
    fraction = shown.fraction
    to_do = 1 - share(shown.resumed_sec, shown.total_sec)  # of the whole recording, what this attempt has to do
    expected = expectation.expected_sec * to_do
    if fraction <= 0:
        return max(expected - shown.elapsed_sec, LEAST_REMAINING_SEC)
    if fraction >= 1:
        return LEAST_REMAINING_SEC
    own_sec = max(shown.elapsed_sec - shown.prepared_sec, 1e-3)
    own_audio_sec = shown.processed_sec - shown.resumed_sec
    by_pace = present(own_sec / own_audio_sec, shown.lately) * (shown.total_sec - shown.processed_sec)
    by_expectation = expected * (1 - fraction)
    doubt = (math.log(expectation.spread) / DECILE) ** 2
    weight = doubt / (doubt + NOISE * (1 - fraction) / fraction)
    blend = math.exp(weight * math.log(by_pace) + (1 - weight) * math.log(by_expectation))
    return max(blend, LEAST_REMAINING_SEC)


def estimate(expectation: Expectation, shown: Shown, calibration: Calibration, *, since_sec: float = 0.0) -> Remaining:
    """What is left of a running attempt, `since_sec` after its last report: estimate and interval count down from
    there. It is overdue when all of it takes longer than the interval at its start allowed."""
    left = _within(raw_sec(expectation, shown), calibration.at(shown.fraction), calibration.sessions, since_sec)
    start = calibration.at(0.0)
    if start is None:
        return left
    to_do = 1 - share(shown.resumed_sec, shown.total_sec)
    longest = max(expectation.expected_sec * to_do, LEAST_REMAINING_SEC) * math.exp(start.high)
    return replace(left, overdue=shown.elapsed_sec + since_sec > longest)


def waiting(expectation: Expectation, calibration: Calibration, *, wait_sec: float, resumed_share: float) -> Remaining:
    """What is left of a session that has not started yet, its wait in the queue included."""
    raw = wait_sec + max(expectation.expected_sec * (1 - resumed_share), LEAST_REMAINING_SEC)
    return _within(raw, calibration.at(SUBMITTED), calibration.sessions, 0.0)


def share(part: float, whole: float) -> float:
    """Part of whole, 0 to 1."""
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0


def _within(raw: float, bounds: Bounds | None, sessions: int, since_sec: float) -> Remaining:
    """The estimate drawn into its interval, both less what has passed."""
    left = raw - since_sec
    if bounds is None:
        return Remaining(max(left, LEAST_REMAINING_SEC), None, None, sessions, raw)
    low, high = raw * math.exp(bounds.low) - since_sec, raw * math.exp(bounds.high) - since_sec
    left = max(min(max(left, low), high), LEAST_REMAINING_SEC)
    return Remaining(left, max(min(low, left), 0.0), max(high, left), sessions, raw)
