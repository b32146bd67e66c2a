"""How long a session will take: expected from finished ones, blended with what it shows, with an honest interval.

All of it is pure; jobs/board.py brings the facts, and `make bench-eta` calls the same functions.
"""

from jobs.estimate.expectation import Expectation, Finished, expect
from jobs.estimate.intervals import FRACTIONS, LEAST_SESSIONS, SUBMITTED, Calibration, Calibrator, calibrate
from jobs.estimate.pace import Lately, Pace
from jobs.estimate.running import LEAST_REMAINING_SEC, Remaining, Shown, estimate, raw_sec, waiting

__all__ = [
    "FRACTIONS",
    "LEAST_REMAINING_SEC",
    "LEAST_SESSIONS",
    "SUBMITTED",
    "Calibration",
    "Calibrator",
    "Expectation",
    "Finished",
    "Lately",
    "Pace",
    "Remaining",
    "Shown",
    "calibrate",
    "estimate",
    "expect",
    "raw_sec",
    "waiting",
]
