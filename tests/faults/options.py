"""What a run is asked for, and the product's settings in it."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from jobs.engines.registry import ENGINES
from tests.faults.engine import NAME as ENGINE
from tests.faults.launch import GOOGLE
from tests.faults.sabotage import SABOTAGES

FAST_CLOCKS = {
    "HEARTBEAT_SEC": "0.5",
    "LEASE_SEC": "4",
    "RECONCILE_SEC": "0.5",
    "RETRY_BASE_SEC": "0.5",
    "RETRY_CAP_SEC": "4",
}
FAST_LOOKS = {  # a call of 2 s that nobody answers must not cost the lease
    "HEARTBEAT_SEC": "1",
    "LEASE_SEC": "8",
    "POLL_SEC": "0.3",
    "POLL_CAP_SEC": "1",
    "GOOGLE_TIMEOUT_SEC": "2",
    "UNKNOWN_SUBMISSION_SEC": "10",
}
SETTLE_SEC = 60.0  # how long everything may take to settle after the last fault
MAX_FAILURES = 5
WORKERS = 6


@dataclass(frozen=True)
class Options:
    """`seconds` is how long faults fall; sessions arrive in the first three quarters of it."""

    sessions: int = 240
    seconds: float = 150.0
    seed: int = 7
    engine: str = ENGINE
    workers: int = WORKERS
    sabotage: str = ""
    healthy: bool = False
    production_clocks: bool = False
    only: tuple[str, ...] = ()
    settle: float = SETTLE_SEC
    report: Path = Path("var/faults.json")
    keep: Path | None = None

    @property
    def clocks(self) -> dict[str, str]:
        fast = FAST_CLOCKS | (FAST_LOOKS if self.remote else {})
        return {} if self.production_clocks else fast

    @property
    def remote(self) -> bool:
        """Whether a provider recognises: then there is a cloud."""
        return self.engine == GOOGLE

    @property
    def real(self) -> bool:
        """Whether one of the product's local engines recognises, and not the suite's."""
        return self.engine not in {ENGINE, GOOGLE}

    @property
    def cores(self) -> int:
        """How many chunks may be worked on at a time. The suite's engine sleeps: it has more than the machine."""
        return len(os.sched_getaffinity(0)) if self.real else max(2, self.workers * 2 // 3)

    @property
    def lease_sec(self) -> float:
        return float(self.clocks.get("LEASE_SEC", 30))


def parse(arguments: list[str] | None = None) -> Options:
    """The options of a command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--sessions", type=int, default=240)
    parser.add_argument("--seconds", type=float, default=150.0, help="how long faults fall")
    parser.add_argument("--seed", type=int, default=7, help="the same seed plans the same faults")
    parser.add_argument("--engine", choices=[ENGINE, *ENGINES], default=ENGINE, help="what recognises")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES), default="", help="take one protection away")
    parser.add_argument("--healthy", action="store_true", help="no faults: count false alarms of stalled sessions")
    parser.add_argument("--production-clocks", action="store_true", help="heartbeat 5 s, lease 30 s, reconcile 5 s")
    parser.add_argument("--only", nargs="*", default=(), metavar="KIND", help="only these kinds of faults")
    parser.add_argument("--settle", type=float, default=SETTLE_SEC, help="seconds that everything may take to settle")
    parser.add_argument("--report", type=Path, default=Path("var/faults.json"))
    parser.add_argument("--keep", type=Path, default=None, help="leave logs and data in this folder")
    chosen = parser.parse_args(arguments)
    return Options(**vars(chosen) | {"only": tuple(chosen.only)})
