"""What a whole recording is expected to take: four times its length, until finished sessions say better. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from statistics import quantiles

DEFAULT_FACTOR = 4.0  # times the audio's duration: conservative, until sessions of the engine have finished
DEFAULT_SPREAD = 4.0  # the default factor may be off by that much, either way
PRIOR_WEIGHT = 0.2  # of one observation: what the default counts beside finished sessions
LEAST_SPREAD = 1.15
FEW_SPREAD = 2.0  # of an expectation that rests on fewer than five sessions
LEARN_FROM_LATEST = 60
FADE = 0.95  # each session counts that much of the one after it: half of what is learned is from the latest 13
STARTS_SEC = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)  # what a start may cost, in audio
SHARINGS = (0.0, 0.25, 0.5, 0.75, 1.0)  # how far sessions at once take each other's time: 1, as if in turn
FIT_FROM_AT_LEAST = 5
PENALTY = 0.02  # of the mean deviation: a start or a sharing has to explain more than that
ALIKE = 3.0  # lengths within this ratio of one that was seen tell of each other
DOUBT = 0.3  # beyond it the interval widens with this power of the ratio: notes of seconds say little of an hour
LEAST_EXPECTED_SEC = 2.0  # start-up of an attempt, however short the recording


@dataclass(frozen=True)
class Finished:
    """A session that was made in one go: seconds of audio, of processing, and how many ran on the engine at once."""

    audio_sec: float
    took_sec: float
    at_once: int = 1


@dataclass(frozen=True)
class Expectation:
    """What to expect of a whole recording, frozen on the attempt; likely within ÷ `spread` to × `spread`."""

    expected_sec: float
    spread: float
    learned: bool


@dataclass(frozen=True)
class _Cost:
    """took = exp(`log_factor`) · (`start_sec` + audio) · at_once ** `sharing`."""

    start_sec: float
    sharing: float
    log_factor: float
    residuals: tuple[float, ...]

    def of(self, audio_sec: float, at_once: int) -> float:
        return math.exp(self.log_factor + _log_size(audio_sec, at_once, self.start_sec, self.sharing))


def expect(duration_sec: float, finished: Sequence[Finished], *, at_once: int = 1) -> Expectation:
    """The expectation for a recording of `duration_sec` that runs beside `at_once` - 1 others, after `finished`
    sessions (the latest first; 60 of them count, the older ones less).

    Time is taken to grow with the recording's length and a start that costs as much as some seconds of audio, and with
    the sessions that share the cores: what start and what sharing explain the finished ones best is searched for, and
    the factor is the weighted median of what is left. The default counts as a fifth of one session.
    """
    usable = (session for session in finished if min(session.audio_sec, session.took_sec) > 0)
    seen = tuple(islice(usable, LEARN_FROM_LATEST))
    if not seen:
        return Expectation(max(DEFAULT_FACTOR * duration_sec, LEAST_EXPECTED_SEC), DEFAULT_SPREAD, learned=False)
    cost = _fit(seen)
    spread = FEW_SPREAD
    if len(seen) >= FIT_FROM_AT_LEAST:
        deciles = quantiles(cost.residuals, n=10, method="inclusive")
        spread = max(math.exp(max(-deciles[0], deciles[-1])), LEAST_SPREAD)
    nearest = sorted(_distance(session.audio_sec, duration_sec) for session in seen)[:3][-1]
    spread *= max(nearest / ALIKE, 1.0) ** DOUBT
    return Expectation(max(cost.of(duration_sec, at_once), LEAST_EXPECTED_SEC), spread, learned=True)


@lru_cache(maxsize=64)  # the queue asks for every waiting session
def _fit(seen: tuple[Finished, ...]) -> _Cost:
    if len(seen) < FIT_FROM_AT_LEAST:
        return _cost(seen, 0.0, 0.0)
    sharings = SHARINGS if len({session.at_once for session in seen}) > 1 else (0.0,)
    costs = [_cost(seen, start, sharing) for start in STARTS_SEC for sharing in sharings]
    best, deviation = costs[0], float("inf")
    for cost in costs:
        mean = sum(abs(residual) for residual in cost.residuals) / len(seen)
        penalised = mean + PENALTY * mean * (math.log1p(cost.start_sec) + 2 * cost.sharing)
        if penalised < deviation:
            best, deviation = cost, penalised
    return best


def _cost(seen: Sequence[Finished], start_sec: float, sharing: float) -> _Cost:
    logs = [
        math.log(session.took_sec) - _log_size(session.audio_sec, session.at_once, start_sec, sharing)
        for session in seen
    ]
    factor = _median_with_prior(logs)
    return _Cost(start_sec, sharing, factor, tuple(log - factor for log in logs))


def _log_size(audio_sec: float, at_once: int, start_sec: float, sharing: float) -> float:
    return math.log(start_sec + audio_sec) + sharing * math.log(max(at_once, 1))


def _median_with_prior(logs: Sequence[float]) -> float:
    """The weighted median, the latest first, drawn towards the default as far as a fifth of an observation can."""
    weighted = [(log, FADE**age) for age, log in enumerate(logs)]
    middle = _weighted_median(weighted)
    if len(logs) < 2:
        return middle
    with_prior = _weighted_median([*weighted, (math.log(DEFAULT_FACTOR), 1.0)])
    return middle + PRIOR_WEIGHT * (with_prior - middle)


def _weighted_median(weighted: Sequence[tuple[float, float]]) -> float:
    """Half of the weight lies on either side of it; between two values in proportion."""
    half = sum(weight for _, weight in weighted) / 2
    below, before, behind = float("-inf"), 0.0, 0.0  # the value before, where its weight has its middle, and its end
    for value, weight in sorted(weighted):
        here = behind + weight / 2
        if here >= half:
            if math.isinf(below):
                return value
            return below + (half - before) / (here - before) * (value - below)
        below, before, behind = value, here, behind + weight
    return below


def _distance(audio_sec: float, duration_sec: float) -> float:
    """How many times longer the longer of the two is."""
    return max(audio_sec, duration_sec) / min(audio_sec, duration_sec)
