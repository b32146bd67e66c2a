"""How long a session will take: the expectation at its claim, what it has shown since, and an honest interval. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

DEFAULT_FACTOR = 4.0  # times the audio's duration: conservative, until sessions of the engine have finished
DEFAULT_SPREAD = 4.0  # the default factor may be off by that much, either way
DEFAULT_WEIGHT = 0.01  # the default counts as much as 1 % of the recording seen, a learned expectation as 10 %
LEARNED_WEIGHT = 0.10
LEAST_SPREAD = 1.15
LEARN_FROM_NEAREST = 25
LEARN_FROM_AT_LEAST = 3  # however different their lengths
ALIKE = 3.0  # lengths within this ratio tell of each other
DOUBT = 0.3  # beyond it the interval widens with this power of the ratio: notes of seconds say little of an hour
LEAST_REMAINING_SEC = 1.0
LEAST_EXPECTED_SEC = 2.0  # start-up of an attempt, however short the recording


@dataclass(frozen=True)
class Expectation:
    """What to expect of a whole recording, frozen on the attempt; likely within ÷ `spread` to × `spread`."""

    expected_sec: float
    spread: float
    learned: bool


@dataclass(frozen=True)
class Remaining:
    """Seconds left: the estimate and the interval it lies in most of the time."""

    sec: float
    low_sec: float
    high_sec: float


def expect(duration_sec: float, finished: Sequence[tuple[float, float]]) -> Expectation:
    """The expectation for a recording of `duration_sec` after `finished` sessions: (seconds of audio, of processing).

    The factor is the median of processing over audio of those of like length (the nearest 25 within a ratio of 3, and
    at least the nearest 3), since the start of an attempt weighs more on a short recording; its spread the 10 % and
    90 % quantiles around it, widened when those lengths are far away. Without any finished session the factor is
    DEFAULT_FACTOR.
    """
    near = sorted((_distance(audio, duration_sec), took / audio) for audio, took in finished if min(audio, took) > 0)
    alike = sum(distance <= ALIKE for distance, _ in near)
    near = near[: min(max(alike, LEARN_FROM_AT_LEAST), LEARN_FROM_NEAREST)]
    ratios = [ratio for _, ratio in near]
    if not ratios:
        return Expectation(max(DEFAULT_FACTOR * duration_sec, LEAST_EXPECTED_SEC), DEFAULT_SPREAD, learned=False)
    middle = median(ratios)
    spread = 2.0
    if len(ratios) >= 5:
        deciles = quantiles(ratios, n=10, method="inclusive")
        spread = max(middle / deciles[0], deciles[-1] / middle, LEAST_SPREAD)
    far = median(distance for distance, _ in near)
    spread *= max(far / ALIKE, 1.0) ** DOUBT
    return Expectation(max(middle * duration_sec, LEAST_EXPECTED_SEC), spread, learned=True)


def remaining(
    expectation: Expectation,
    *,
    processed_sec: float,
    total_sec: float,
    elapsed_sec: float,
    resumed_sec: float = 0.0,
) -> Remaining:
    """Seconds left of a running attempt, at least 1.

    A blend of what was expected and what this attempt has shown. With f the share of the audio that this attempt has
    done itself, w = f / (f + k) and k the weight above: w · (elapsed / f) · left + (1 - w) · (expected left), where
    elapsed / f is the attempt's own pace. From the first seconds of audio on the pace counts, and soon it counts most.
    """
    left = 1 - _share(processed_sec, total_sec)
    own = _share(processed_sec - resumed_sec, total_sec)
    to_do = 1 - _share(resumed_sec, total_sec)  # of the whole recording, what this attempt has to do
    by_expectation = max(min(expectation.expected_sec * to_do - elapsed_sec, expectation.expected_sec * left), 0.0)
    weight = own / (own + (LEARNED_WEIGHT if expectation.learned else DEFAULT_WEIGHT))
    by_pace = elapsed_sec / own * left if own else 0.0
    estimate = max(weight * by_pace + (1 - weight) * by_expectation, LEAST_REMAINING_SEC)
    spread = math.exp((1 - weight) * math.log(expectation.spread) + weight * math.log(LEAST_SPREAD))
    return Remaining(estimate, estimate / spread, estimate * spread)


def expected_before_start(expectation: Expectation, *, resumed_share: float = 0.0) -> Remaining:
    """What a session that has not started yet will take, from its start."""
    estimate = max(expectation.expected_sec * (1 - resumed_share), LEAST_REMAINING_SEC)
    return Remaining(estimate, estimate / expectation.spread, estimate * expectation.spread)


def _distance(audio_sec: float, duration_sec: float) -> float:
    """How many times longer the longer of the two is."""
    return max(audio_sec, duration_sec) / min(audio_sec, duration_sec)


def _share(part: float, whole: float) -> float:
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0
