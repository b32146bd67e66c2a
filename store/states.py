"""The states of a session: what each means, how it looks, and which follow which.

Stalled and overdue are not here: they are derived from facts and the clock (jobs/stalled.py), never stored.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Status(StrEnum):
    PENDING = "pending"  # waits for a worker: new, or between two attempts
    PROCESSING = "processing"  # a worker holds the claim
    COMPLETED = "completed"  # the transcript is there; nothing leaves this state
    FAILED = "failed"  # stopped by an error that waiting does not mend
    CANCELLED = "cancelled"  # stopped by a person


FINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})

# (from, to); None stands for "not there yet". docs/state-machine.md draws it.
LEGAL: frozenset[tuple[Status | None, Status]] = frozenset(
    {
        (None, Status.PENDING),  # uploaded
        (Status.PENDING, Status.PROCESSING),  # claimed
        (Status.PENDING, Status.FAILED),  # given up by ops: nothing is going to run it
        (Status.PENDING, Status.CANCELLED),
        (Status.PROCESSING, Status.COMPLETED),
        (Status.PROCESSING, Status.FAILED),
        (Status.PROCESSING, Status.CANCELLED),
        (Status.PROCESSING, Status.PENDING),  # worker lost, or an error worth another try
        (Status.FAILED, Status.PENDING),  # retried by hand: waits its turn like any other
        (Status.CANCELLED, Status.PENDING),
    }
)


def is_legal(before: Status | None, after: Status) -> bool:
    return (before, after) in LEGAL


@dataclass(frozen=True)
class Look:
    """How a state appears: icon and word always together, so that colour is never the only sign."""

    label: str
    icon: str  # a Streamlit material icon
    colour: str  # a Streamlit colour name


LOOKS: dict[Status, Look] = {
    Status.PENDING: Look("Waiting", ":material/schedule:", "blue"),
    Status.PROCESSING: Look("Processing", ":material/graphic_eq:", "orange"),
    Status.COMPLETED: Look("Completed", ":material/check_circle:", "green"),
    Status.FAILED: Look("Failed", ":material/error:", "red"),
    Status.CANCELLED: Look("Cancelled", ":material/cancel:", "gray"),
}


class Priority(IntEnum):
    LOW = 0
    NORMAL = 1
    HIGH = 2

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> "Priority":
        """The priority that `word` names; ValueError for any other word."""
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"Priority is one of low, normal, high, not {word!r}.") from None
