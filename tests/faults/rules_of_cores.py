"""No more chunks are worked on at a time than there are cores."""

from collections.abc import Iterator

from tests.faults.snapshot import Snapshot

Found = Iterator[tuple[str, str]]


def crowded(snapshot: Snapshot) -> Found:
    """The moment at which most were worked on, if those were too many."""
    most, at = most_at_once(snapshot)
    if most > snapshot.cores > 0:
        yield "-", f"{most} chunks were worked on at a time on {snapshot.cores} cores, {at:.2f}"


def most_at_once(snapshot: Snapshot) -> tuple[int, float]:
    """How many chunks were worked on at a time at most, and when (Unix time). What was killed is not counted."""
    changes = [(line["begun"], 1) for line in snapshot.work] + [(line["ended"], -1) for line in snapshot.work]
    at_once, most, when = 0, 0, 0.0
    for at, by in sorted(changes):
        at_once += by
        if at_once > most:
            most, when = at_once, at
    return most, when
