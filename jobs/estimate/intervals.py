"""How sure an estimate is, from how far earlier ones were off: conformal prediction that follows drift. Pure.

Every finished session has left estimates at fixed fractions of its audio, and for each the log of the ratio of what it
really took to what was estimated. The 10 % and 90 % quantiles of the latest of these, fraction by fraction, bound the
next estimate (split conformal prediction). Which quantiles are taken adapts: once a finished session, never per look,
the share to leave out falls when the session lay outside and rises when it lay inside (adaptive conformal inference,
Gibbs and Candès 2021), so that the promise holds on average whatever the engine does.
"""

import math
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SUBMITTED = -1.0  # stands for the estimate at submission, the wait in the queue included
FRACTIONS = (0.0, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90)  # of audio done: where estimates are recorded
LEAST_SESSIONS = 9  # with fewer the 10 % quantile lies below all of them
LATEST = 60  # sessions whose errors count
LEAVE_OUT = 0.10  # at either end
LEAVE_OUT_SUBMITTED = (
    0.08  # those of a burst are told together, before any of them can teach: measured, 4 points less held
)
ADAPT = 0.03  # how much a session changes the share to leave out
MOST_LEFT_OUT = 0.35
BEYOND = 0.25  # a share left out that is below what the sessions can tell widens their range by up to that part

Scores = Mapping[float, float]  # of one finished session: by fraction, log of actual over estimated seconds left


@dataclass(frozen=True)
class Bounds:
    """The interval's two ends around an estimate at some fraction, as logs of ratios to it."""

    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """What is known of the errors of an engine's estimates; `sessions` finished ones taught it."""

    sessions: int = 0
    bounds: Mapping[float, Bounds] = field(default_factory=dict)

    def at(self, fraction: float) -> Bounds | None:
        """The bounds at a fraction of audio done, between those of the two recorded ones around it; None below nine
        sessions. Of a session that waits there are its own, or else those of the start."""
        known = sorted(at for at in self.bounds if at != SUBMITTED)
        if fraction == SUBMITTED and SUBMITTED in self.bounds:
            return self.bounds[SUBMITTED]
        if not known:
            return None
        right = max(bisect_right(known, fraction), 1)
        below, above = known[right - 1], known[min(right, len(known) - 1)]
        part = (fraction - below) / (above - below) if above > below else 0.0
        one, other = self.bounds[below], self.bounds[above]
        return Bounds(one.low + part * (other.low - one.low), one.high + part * (other.high - one.high))


class _Errors:
    """The errors at one fraction, oldest first, and the shares that are left out at either end."""

    def __init__(self, fraction: float) -> None:
        self.latest: list[float] = []
        self.ordered: list[float] = []
        self.leave_out = LEAVE_OUT_SUBMITTED if fraction == SUBMITTED else LEAVE_OUT
        self.left_out = [self.leave_out, self.leave_out]

    def add(self, error: float) -> None:
        if len(self.latest) >= LEAST_SESSIONS:
            low, high = self.ends()
            for end, outside in enumerate((error < low, error > high)):
                changed = self.left_out[end] + ADAPT * (self.leave_out - outside)
                self.left_out[end] = min(max(changed, -self.leave_out), MOST_LEFT_OUT)
        self.latest.append(error)
        insort(self.ordered, error)
        if len(self.latest) > LATEST:
            self.ordered.remove(self.latest.pop(0))

    def ends(self) -> tuple[float, float]:
        return _lower(self.ordered, self.left_out[0]), -_lower([-e for e in reversed(self.ordered)], self.left_out[1])


class Calibrator:
    """Takes finished sessions in, one after the other as they finish."""

    def __init__(self) -> None:
        self._sessions = 0
        self._errors: dict[float, _Errors] = {}

    def add(self, scores: Scores) -> None:
        """One more session has finished."""
        self._sessions += 1
        for fraction, error in scores.items():
            self._errors.setdefault(fraction, _Errors(fraction)).add(error)

    def calibration(self) -> Calibration:
        """What all of them teach."""
        enough = {at: errors for at, errors in self._errors.items() if len(errors.latest) >= LEAST_SESSIONS}
        return Calibration(self._sessions, {at: Bounds(*errors.ends()) for at, errors in enough.items()})


def calibrate(finished: Iterable[Scores]) -> Calibration:
    """What the finished sessions of an engine teach, the oldest first."""
    calibrator = Calibrator()
    for scores in finished:
        calibrator.add(scores)
    return calibrator.calibration()


def _lower(ordered: Sequence[float], left_out: float) -> float:
    """The value below which the share `left_out` lies: with n values the rank is left_out · (n + 1), between two
    neighbours in proportion; below the first one the range goes on, as far as BEYOND."""
    rank = left_out * (len(ordered) + 1)
    if rank < 1:
        width = ordered[-1] - ordered[0]
        return ordered[0] - BEYOND * width * min(1 - rank, 4.0)
    whole = min(math.floor(rank), len(ordered) - 1)
    return ordered[whole - 1] + (rank - whole) * (ordered[whole] - ordered[whole - 1])
