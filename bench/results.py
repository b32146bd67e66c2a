"""What was measured, kept beside what was measured earlier: as JSON, and as the table of docs/benchmarks.md."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import Figure

START, END = "<!-- what `make bench` found -->", "<!-- the end of it -->"


def keep(bench: str, found: Sequence[Figure], *, load: float, into: Path) -> None:
    """Put these in the place of what this benchmark found before."""
    kept = [one for one in read(into) if one["bench"] != bench]
    measured = {
        "bench": bench,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_before": round(load, 2),
        "machine": machine(),
    }
    kept += [figure.to_json() | measured for figure in found]
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(json.dumps(kept, indent=1) + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return found


def machine() -> str:
    """Cores, processor and Python, without the machine's name."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{len(os.sched_getaffinity(0))} cores, {model}, Python {platform.python_version()}"


def tabulate(results: Path, page: Path) -> None:
    """Renew the table between the page's two marks; ValueError when they are not there."""
    before, _, rest = page.read_text().partition(START)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{page} has no place for the table: {START} … {END}")
    lines = ["| benchmark | measured | value | goal | |", "|---|---|---|---|---|"]
    found = read(results)
    for one in found:
        figure = Figure(one["name"], one["value"], one["goal"], one["met"])
        verdict = "**not met**" if figure.met is False else figure.verdict
        lines.append(f"| {one['bench']} | {figure.name} | {figure.text} | {figure.goal} | {verdict} |")
    machines = dict.fromkeys(one["machine"] for one in found)
    days = sorted({one["measured_at"][:10] for one in found})
    loads = [one["load_before"] for one in found]
    told = f"{'; '.join(machines)}. {' and '.join(days)}; load before each benchmark {min(loads)} to {max(loads)}."
    page.write_text(f"{before}{START}\n\n{told}\n\n" + "\n".join(lines) + f"\n\n{END}{after}")
