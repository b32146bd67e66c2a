"""How good estimates were: what the speed page and the replay benchmark say of them. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

LEAVE_OUT = 0.2  # of the sessions an interval leaves out, both ends together


@dataclass(frozen=True)
class Scored:
    """One estimate and what came of it, in seconds from when it was made. No interval: a rough estimate."""

    estimated_sec: float
    actual_sec: float
    low_sec: float | None = None
    high_sec: float | None = None

    @property
    def error(self) -> float:
        """How far off, as a share of what it really took."""
        return abs(self.estimated_sec - self.actual_sec) / self.actual_sec

    @property
    def covered(self) -> bool | None:
        """Whether the interval held; None for a rough estimate."""
        if self.low_sec is None or self.high_sec is None:
            return None
        return self.low_sec <= self.actual_sec <= self.high_sec

    @property
    def winkler(self) -> float | None:
        """The width of the interval, and ten times what it missed by, as a share of what it really took: lower is
        better (Winkler 1972; 2 / 0.2 = 10)."""
        if self.low_sec is None or self.high_sec is None:
            return None
        missed = max(self.low_sec - self.actual_sec, self.actual_sec - self.high_sec, 0.0)
        return (self.high_sec - self.low_sec + 2 / LEAVE_OUT * missed) / self.actual_sec


@dataclass(frozen=True)
class Accuracy:
    """Of some estimates: median error and bias as shares (a positive bias: it took longer than estimated), and the
    share of intervals that held."""

    estimates: int
    median_error: float
    bias: float
    intervals: int
    coverage: float | None


def accuracy(scored: Sequence[Scored]) -> Accuracy | None:
    """The accuracy of these estimates; None without any."""
    if not scored:
        return None
    held = [one.covered for one in scored if one.covered is not None]
    return Accuracy(
        estimates=len(scored),
        median_error=median(one.error for one in scored),
        bias=math.exp(median(math.log(one.actual_sec / one.estimated_sec) for one in scored)) - 1,
        intervals=len(held),
        coverage=sum(held) / len(held) if held else None,
    )
