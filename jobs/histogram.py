"""Medians and quartiles of values that were counted in bins which grow with the value (store/statistics.py). Pure."""

from collections.abc import Mapping, Sequence
from statistics import median

from store.statistics import STEPS


def quantile(bins: Mapping[int, float], share: float, steps: int = STEPS) -> float | None:
    """The value below which this share lies, as if a bin's values were spread evenly in it; None without any. With 8
    steps that is less than 5 % off; with many values far less."""
    wanted = share * sum(bins.values())
    below = 0.0
    for number, count in sorted(bins.items()):
        if count and below + count >= wanted:
            within = (wanted - below) / count
            return float(2 ** ((number - 0.5 + within) / steps))
        below += count
    return None


def typical(values: Sequence[float], bins: Mapping[int, float]) -> float | None:
    """The median: of the values where all of them are known, else of the bins; None without any."""
    if values and len(values) == sum(bins.values()):
        return median(values)
    return quantile(bins, 0.5)


def bins_of(counters: Mapping[str, float], name: str) -> dict[int, float]:
    """The bins that are counted as `name/BIN`."""
    prefix = f"{name}/"
    return {int(key[len(prefix) :]): count for key, count in counters.items() if key.startswith(prefix)}
