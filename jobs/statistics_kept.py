"""Keeps the statistics of the speed page up to date: a hundredth of the reconciler's time, unless much is to do."""

import time

from store import statistics
from store.database import transaction

SHARE = 0.01  # of the time may be spent on it
LONGEST_REST_SEC = 60.0
MOST_DAYS = 7  # at once: more than a long weekend without reconcilers, and far from the statement timeout

_rest_until = float("-inf")


def refresh_statistics() -> int:
    """Make the days anew of which something changed; how many. Each refresh is followed by a rest: on a small desk of a
    few seconds, on one with thousands of sessions a day of a minute. There is none while more is left to do."""
    global _rest_until
    begun = time.monotonic()
    if begun < _rest_until:
        return 0
    days = 0
    try:
        with transaction() as db:
            days = statistics.refresh(db, MOST_DAYS)
    finally:  # also when it did not come to an end: whoever reconciles has other things to do
        ended = time.monotonic()
        _rest_until = ended if days == MOST_DAYS else ended + min((ended - begun) / SHARE, LONGEST_REST_SEC)
    return days
