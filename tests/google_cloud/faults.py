"""Faults on demand: what the storage server does wrong next."""

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Fault:
    """What happens to the next `times` requests of the kind `on` (any kind: empty)."""

    on: str = ""
    times: int = 1
    status: int = 0  # answer with this instead
    after: bool = False  # do it first, then answer with `status` or hang
    hang_sec: float = 0.0  # say nothing for so long
    truncate: bool = False  # store a byte less than was sent
    keep_bytes: int | None = None  # of a piece, store no more than so many bytes


@dataclass
class Faults:
    """The faults that are set, oldest first."""

    waiting: list[Fault] = field(default_factory=list)

    def add(self, wish: dict[str, Any]) -> None:
        """TypeError for a word that no fault has."""
        if unknown := set(wish) - {known.name for known in fields(Fault)}:
            raise TypeError(f"No fault has {', '.join(sorted(unknown))}.")
        self.waiting.append(Fault(**wish))

    def next(self, kinds: set[str]) -> Fault:
        """The fault that this request meets, if any; a Fault that does nothing otherwise."""
        for fault in self.waiting:
            if not fault.on or fault.on in kinds:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return Fault()
