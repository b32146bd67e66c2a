"""A fault that fell: what was hit, when, and what was noticed at once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.faults.schedule import Planned


class NothingToHit(Exception):
    """No process of that kind was there in time; the fault did not fall."""


@dataclass
class Fault:
    """Unix times in seconds. `workers` are the ids of the worker processes that could not go on."""

    kind: str
    began: float
    ended: float = 0.0
    workers: set[int] = field(default_factory=set)
    survivors: list[str] = field(default_factory=list)  # processes that should have died with another


@dataclass
class FaultLog:
    """What fell, what could not, and what went wrong in the suite itself."""

    fallen: list[Fault] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def falling(self, planned: Planned) -> Iterator[Fault]:
        """Counts the fault when the block ends; NothingToHit in the block counts it as missed."""
        fault = Fault(planned.kind, time.time())
        try:
            yield fault
        except NothingToHit:
            with self._lock:
                self.missed.append(fault.kind)
            return
        fault.ended = time.time()
        with self._lock:
            self.fallen.append(fault)

    def wrong(self, what: str) -> None:
        with self._lock:
            self.broken.append(what)
