"""The verdict: what the clients were told against what the database holds. It knows nothing of the product's code.

A problem is `lost`, `duplicated`, `illegal`, `unsettled` or `unexplained`; the run fails on any.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.faults import rules_of_content, rules_of_cores, rules_of_life, rules_of_operations
from tests.faults.journal import Journal
from tests.faults.rules_of_operations import Provider
from tests.faults.snapshot import Snapshot

KINDS = ("lost", "duplicated", "illegal", "unsettled", "unexplained")


@dataclass(frozen=True)
class Problem:
    """One thing that must not be; `session_id` is the session's, or what stands for it."""

    kind: str
    session_id: str
    what: str


def check(
    snapshot: Snapshot,
    journal: Journal,
    *,
    max_failures: int,
    left_over: Iterable[str] = (),
    provider: Provider | None = None,
) -> list[Problem]:
    """Every problem. `left_over` describes processes that should be gone; `provider`: what it says, if there is one."""
    of_operations = (
        [
            *_as("duplicated", rules_of_operations.paid_twice(snapshot, provider)),
            *_as("illegal", rules_of_operations.misjudged(snapshot, provider)),
            *_as("unsettled", rules_of_operations.left_open(snapshot, provider)),
        ]
        if provider
        else []
    )
    return [
        *_as("lost", rules_of_content.lost(snapshot, journal)),
        *_as("duplicated", rules_of_content.duplicated(snapshot)),
        *_as("illegal", rules_of_life.illegal(snapshot, journal)),
        *_as("illegal", rules_of_cores.crowded(snapshot)),
        *_as("unsettled", rules_of_life.unsettled(snapshot, journal)),
        *_as("unexplained", rules_of_life.unexplained(snapshot, max_failures)),
        *(Problem("unsettled", "-", process) for process in left_over),
        *of_operations,
    ]


def _as(kind: str, found: Iterator[tuple[str, str]]) -> list[Problem]:
    return [Problem(kind, session_id, what) for session_id, what in found]
