"""What a run found, as a table and as JSON."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.faults import rules_of_cores, rules_of_operations
from tests.faults.checker import KINDS, Problem
from tests.faults.desk import Desk
from tests.faults.faults import FaultLog
from tests.faults.journal import Journal
from tests.faults.measures import Row
from tests.faults.rules_of_operations import Provider
from tests.faults.snapshot import Snapshot

MOST_PROBLEMS_SHOWN = 30


@dataclass
class Report:
    """Everything about one run. `settled_sec`: from the last fault until every session was final; None: it was not."""

    options: dict[str, Any]
    rows: list[Row]
    problems: list[Problem]
    settled_sec: float | None
    figures: dict[str, Any]
    missed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # what went wrong in the suite itself

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(problem.kind for problem in self.problems)
        return {kind: counted[kind] for kind in KINDS}

    @property
    def passed(self) -> bool:
        return not self.problems and not self.broken and self.settled_sec is not None

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(asdict(self) | {"counts": self.counts, "passed": self.passed}, indent=1, default=str)
        )

    def __str__(self) -> str:
        lines = [f"{'fault':<44}{'count':>6}{'detection':>16}{'settling':>16}"]
        lines += [
            f"{row.kind:<44}{row.count:>6}{_pair(row.detection_median, row.detection_max):>16}"
            f"{_pair(row.settle_median, row.settle_max):>16}"
            for row in self.rows
        ]
        lines += ["(seconds, median / most)", f"faults: {sum(row.count for row in self.rows)}"]
        lines += [f"{name}: {value}" for name, value in self.figures.items()]
        lines.append(f"settled after the last fault: {_seconds(self.settled_sec)}")
        lines.append("   ".join(f"{kind} {count}" for kind, count in self.counts.items()))
        lines += [f"  {p.kind}: {p.session_id}: {p.what}" for p in self.problems[:MOST_PROBLEMS_SHOWN]]
        lines += [f"  did not fall: {kind}" for kind in self.missed]
        lines += [f"  the suite itself failed: {what}" for what in self.broken]
        lines.append("PASSED" if self.passed else "FAILED")
        return "\n".join(lines)


def figures(
    snapshot: Snapshot, journal: Journal, log: FaultLog, detection: list[float], needless: int
) -> dict[str, Any]:
    """What is said beside the table."""
    waited = [upload.waited_sec for upload in journal.uploads if upload.told_id]
    failed = Counter(attempt.error_code for attempt in snapshot.attempts if attempt.outcome == "failed")
    return {
        "sessions": dict(Counter(session.status for session in snapshot.sessions)),
        "failed while faults fell, by cause": dict(failed),
        "uploads acknowledged": len(waited),
        "uploads sent again": sum(upload.tries > 1 + upload.in_two_steps for upload in journal.uploads),
        "seconds until acknowledged (median / most)": _pair(median(waited), max(waited)) if waited else "-",
        "attempts": len(snapshot.attempts),
        "attempts lost": sum(attempt.outcome == "lost" for attempt in snapshot.attempts),
        "dead workers noticed after (median / most)": _pair(median(detection), max(detection)) if detection else "-",
        "cancelled or retried by hand": sum(act.done for act in journal.acts),
        "chunks recognised again needlessly": needless,
        "chunks at a time at most, of so many cores": f"{rules_of_cores.most_at_once(snapshot)[0]} of {snapshot.cores}",
    }


def of_operations(snapshot: Snapshot, provider: Provider, desk: Desk) -> dict[str, Any]:
    """What is said of a provider."""
    searched = desk.log.read_text(errors="replace").count("Found the operation of an earlier submission")
    return {
        "operations accepted": len(provider.operations),
        "of them ended": dict(Counter(one.outcome for one in provider.operations)),
        "audio objects recognised": len({one.uri for one in provider.operations}),
        "looks": len(snapshot.looks),
        "paid twice": sum(1 for _ in rules_of_operations.paid_twice(snapshot, provider)),
        "re-attached after a crash": rules_of_operations.reattached(snapshot),
        "found by searching": searched,
    }


def _pair(middle: float | None, most: float | None) -> str:
    return "-" if middle is None or most is None else f"{middle:.1f} / {most:.1f}"


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"
