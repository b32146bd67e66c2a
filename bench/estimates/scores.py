"""The figures of the replay benchmark: errors, coverage, Winkler scores and bars, with bootstrap intervals."""

from collections.abc import Callable, Iterable, Sequence
from statistics import quantiles

import numpy as np

from bench.estimates.replay import Bar, Checkpoint
from bench.figures import Figure, at_least, at_most

WARM = 10  # finished sessions before an estimate counts
RESAMPLES = 400
LONG_SEC = 300.0
Scorer = Callable[[Checkpoint], float | None]


def warm(checkpoints: Iterable[Checkpoint], fraction: float) -> list[Checkpoint]:
    """Those at this fraction that could learn from ten finished sessions."""
    return [one for one in checkpoints if one.fraction == fraction and one.finished_before >= WARM]


def ours(checkpoint: Checkpoint) -> float | None:
    return checkpoint.scored.error


def of_rival(name: str) -> Scorer:
    """The error of a rival at a checkpoint."""

    def error(checkpoint: Checkpoint) -> float | None:
        estimated, actual = checkpoint.rivals[name], checkpoint.scored.actual_sec
        return None if estimated is None else abs(estimated - actual) / actual

    return error


def median_error(checkpoints: Sequence[Checkpoint], scorer: Scorer = ours) -> tuple[float, tuple[float, float]] | None:
    """The median error with its bootstrap interval; None where nothing was estimated."""
    errors = np.array([error for one in checkpoints if (error := scorer(one)) is not None])
    if not errors.size:
        return None
    chosen = np.random.default_rng(1).integers(0, errors.size, (RESAMPLES, errors.size))
    return float(np.median(errors)), _interval(np.median(errors[chosen], axis=1))


def ratio(worlds: Sequence[Sequence[Checkpoint]], rival: str) -> tuple[float, tuple[float, float]] | None:
    """Our median error over the rival's, all worlds together; the interval from drawing whole worlds again."""
    scorer = of_rival(rival)
    pairs = [[(ours(one), theirs) for one in world if (theirs := scorer(one)) is not None] for world in worlds]
    arrays = [np.array(world) for world in pairs if world]
    if not arrays:
        return None

    def of(chosen: Sequence["np.ndarray"]) -> float:
        together = np.concatenate(chosen)
        return float(np.median(together[:, 0]) / np.median(together[:, 1]))

    chance = np.random.default_rng(1)
    if len(arrays) == 1:  # one world: its sessions are drawn again
        draws = [of([arrays[0][chance.integers(0, len(arrays[0]), len(arrays[0]))]]) for _ in range(RESAMPLES)]
    else:
        draws = [of([arrays[i] for i in chance.integers(0, len(arrays), len(arrays))]) for _ in range(RESAMPLES)]
    return of(arrays), _interval(np.array(draws))


def coverage(checkpoints: Sequence[Checkpoint]) -> float | None:
    """The share of intervals that held."""
    held = [one.scored.covered for one in checkpoints if one.scored.covered is not None]
    return sum(held) / len(held) if held else None


def width(checkpoints: Sequence[Checkpoint]) -> float | None:
    """The median width of an interval, as a share of what it really took."""
    widths = [
        (one.scored.high_sec - one.scored.low_sec) / one.scored.actual_sec
        for one in checkpoints
        if one.scored.low_sec is not None and one.scored.high_sec is not None
    ]
    return float(np.median(widths)) if widths else None


def winkler_ratio(checkpoints: Sequence[Checkpoint]) -> float | None:
    """Our mean Winkler score over that of a fixed width: estimate ± the 80 % quantile of all earlier errors in
    seconds."""
    errors: list[float] = []
    ours_sum = fixed_sum = 0.0
    for one in checkpoints:
        scored = one.scored
        missed_sec = abs(scored.estimated_sec - scored.actual_sec)
        if one.finished_before >= WARM and scored.winkler is not None and len(errors) >= WARM:
            half = quantiles(errors, n=5, method="inclusive")[-1]
            ours_sum += scored.winkler * scored.actual_sec
            fixed_sum += 2 * half + 10 * max(missed_sec - half, 0.0)
        errors.append(missed_sec)
    return ours_sum / fixed_sum if fixed_sum else None


def bars(name: str, seen: Sequence[Bar]) -> list[Figure]:
    """Steps back, error, last look and jitter of the bars of a world."""
    if not seen:
        return []
    long = [bar.last for bar in seen if bar.took_sec > LONG_SEC]
    return [
        at_most(f"{name}: bar, steps back", float(sum(bar.steps_back for bar in seen)), 0),
        at_most(f"{name}: bar, mean error in points", float(np.mean([bar.mean_error for bar in seen])), 5),
        at_least(f"{name}: bar, median last look of sessions over 5 min", float(np.median(long)), 95)
        if long
        else Figure(f"{name}: bar, median last look of sessions over 5 min", None),
        Figure(f"{name}: jitter of the shown time a look", float(np.median([bar.jitter for bar in seen]))),
    ]


def _interval(draws: "np.ndarray") -> tuple[float, float]:
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)
