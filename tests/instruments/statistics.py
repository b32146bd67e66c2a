"""The statistics as a reconciler keeps them, without one."""

from store import statistics
from store.database import transaction


def refreshed() -> int:
    """Make every hour, day and week anew that something was noted of; how many days."""
    total = 0
    while True:
        with transaction() as db:
            days = statistics.refresh(db, 1000)
        if not days:
            return total
        total += days
