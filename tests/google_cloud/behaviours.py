"""How the server misbehaves: what it says about progress, and the faults that the control port asks for.

A fault of a call has a `method` and hits the next calls of it; a fault of an operation (`operation_error`,
`lose_operation`, `truncated`, `file_error`, `list_delay_sec`) is given to the next operations when they are accepted.
`times` says how often (1 unless `share` or `lasts_sec` is given; `list_delay_sec` has no end), `share` to which part
of the calls, drawn from `seed`, and `lasts_sec` for how long.
"""

import random
import time
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

import grpc

METHODS = frozenset(
    {
        *("BatchRecognize", "GetConfig", "ListRecognizers"),
        *("GetOperation", "ListOperations", "CancelOperation", "DeleteOperation"),
    }
)
STUCK_AT = 30
FALLS_AT, FALLS_BY = 50, 30


class Progress(StrEnum):
    """What `progress_percent` shows while an operation runs."""

    STEADY = "steady"
    NEVER = "never"  # the field is never set, not even at the end
    JUMP = "jump"  # 0, then 100
    STUCK = "stuck"  # rises to 30 and stays there until it is done
    BACKWARDS = "backwards"  # falls once, in the middle

    def percent(self, fraction: float, *, ended: bool) -> int | None:
        """The percentage to show; None leaves the field out. `fraction` is what has really been done."""
        if self is Progress.NEVER:
            return None
        if ended:
            return 100
        percent = min(99, int(100 * fraction))
        match self:
            case Progress.JUMP:
                return 0
            case Progress.STUCK:
                return min(STUCK_AT, percent)
            case Progress.BACKWARDS:
                return percent if percent < FALLS_AT else percent - FALLS_BY
        return percent


@dataclass
class Orders:
    """What is going to happen to one operation; given when it is accepted, and kept with it."""

    operation_error: str | None = None  # a code of google.rpc
    lose_operation: bool = False
    truncated: bool = False  # only the first half of the audio is recognised and billed
    file_error: str | None = None
    list_delay_sec: float = 0.0
    pace: float = 0.0  # of the suite's recogniser: seconds a second of audio


ORDERS = frozenset(asdict(Orders())) - {"pace"}  # those that a fault gives


@dataclass
class Fault:
    """One fault, as it was posted, and how often it has fired."""

    method: str | None = None
    code: str | None = None
    accept: bool = False  # the operation is accepted although the client is not told so
    hang_sec: float = 0.0
    operation_error: str | None = None
    lose_operation: bool = False
    truncated: bool = False
    file_error: str | None = None
    list_delay_sec: float = 0.0
    times: int | None = None
    share: float = 1.0
    lasts_sec: float | None = None  # since it was posted; None: until it is deleted
    seed: int = 0
    fired: int = 0
    _chance: random.Random = field(init=False, repr=False)
    _posted: float = field(init=False, repr=False)

    @classmethod
    def from_json(cls, posted: dict[str, Any]) -> Self:
        """Raises ValueError for a field, a method or a code that does not exist."""
        unknown = set(posted) - {
            name for name in cls.__dataclass_fields__ if name not in {"fired", "_chance", "_posted"}
        }
        if unknown:
            raise ValueError(f"no such fields: {sorted(unknown)}")
        return cls(**posted)

    def __post_init__(self) -> None:
        ordered = {name for name in ORDERS if getattr(self, name)}
        if (self.method is None) == (not ordered):
            raise ValueError(f"a fault has either a method or one of {sorted(ORDERS)}")
        if self.method is not None and self.method not in METHODS:
            raise ValueError(f"no such method: {self.method}")
        if self.method is not None and not (self.code or self.hang_sec):
            raise ValueError("a fault of a call has a code or hang_sec")
        for code in (self.code, self.operation_error, self.file_error):
            if code is not None and code not in grpc.StatusCode.__members__:
                raise ValueError(f"no such code: {code}")
        if self.times is None and self.lasts_sec is None and self.share == 1.0 and ordered != {"list_delay_sec"}:
            self.times = 1
        self._chance, self._posted = random.Random(self.seed), time.monotonic()

    def fires(self) -> bool:
        """Whether it hits this time; counts."""
        if self.times is not None and self.fired >= self.times:
            return False
        if self.lasts_sec is not None and time.monotonic() > self._posted + self.lasts_sec:
            return False
        if self._chance.random() >= self.share:
            return False
        self.fired += 1
        return True

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


class Behaviours:
    """What is in force now; changed through the control port."""

    def __init__(self, progress: Progress, pace: float) -> None:
        self.progress = progress
        self.pace = pace
        self.faults: list[Fault] = []

    def fault_of(self, method: str) -> Fault | None:
        """The fault that this call meets, the first that fires."""
        return next((fault for fault in self.faults if fault.method == method and fault.fires()), None)

    def orders(self) -> Orders:
        """What happens to an operation that is accepted now: all faults of operations that fire."""
        orders = Orders(pace=self.pace)
        for fault in self.faults:
            if fault.method is None and fault.fires():
                for name in ORDERS:
                    setattr(orders, name, getattr(fault, name) or getattr(orders, name))
        return orders


def number_of(code: str) -> int:
    """The number of a code in google.rpc.Status."""
    number: int = grpc.StatusCode[code].value[0]
    return number
