"""How long it took: until a dead worker was noticed, and until what a fault had hit was done after all."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.faults.engine import WORK_FILE
from tests.faults.faults import Fault
from tests.faults.snapshot import AttemptRow, Snapshot

WORKER = re.compile(r"-(\d+)(-[0-9a-f]+)?$")  # host name, process id, and four letters
NOTICED = {"lost", "retried"}


@dataclass(frozen=True)
class Row:
    """One kind of fault. Seconds; None where nothing was hit."""

    kind: str
    count: int
    detection_median: float | None = None
    detection_max: float | None = None
    settle_median: float | None = None
    settle_max: float | None = None


def rows(faults: list[Fault], snapshot: Snapshot) -> list[Row]:
    """A row for each kind, in alphabetical order.

    Detection: from the fault until the attempt it hit was ended by the product. Settling: from the fault's end until
    the last session that it hit (a worker's own, or all that ran while a server was away) was final.
    """
    finished = {session.id: session.finished_at for session in snapshot.sessions}
    table = []
    for kind in sorted({fault.kind for fault in faults}):
        detection: list[float] = []
        settling: list[float] = []
        ours = [fault for fault in faults if fault.kind == kind]
        for fault in ours:
            hit = _hit(fault, snapshot.attempts)
            if fault.workers:
                detection += [
                    attempt.finished_at.timestamp() - fault.began
                    for attempt in hit
                    if attempt.finished_at and attempt.outcome in NOTICED
                ]
            done = [at.timestamp() - fault.ended for attempt in hit if (at := finished.get(attempt.session_id))]
            if done:
                settling.append(max(0.0, *done))
        table.append(Row(kind, len(ours), *_middle_and_most(detection), *_middle_and_most(settling)))
    return table


def detection_times(faults: list[Fault], snapshot: Snapshot) -> list[float]:
    """Of all attempts that a fault took from their worker, in seconds."""
    return [
        attempt.finished_at.timestamp() - fault.began
        for fault in faults
        if fault.workers
        for attempt in _hit(fault, snapshot.attempts)
        if attempt.finished_at and attempt.outcome == "lost"
    ]


def needless_work(snapshot: Snapshot) -> int:
    """Chunks that were recognised again although they had been stored before that began."""
    stored: dict[tuple[str, float], float] = {}
    for write in snapshot.writes:
        if write.kind == "transcript_chunk":
            stored.setdefault((write.session_id, write.start_sec), write.at.timestamp())
    return sum(
        line["begun"] > stored.get((line["session_id"], line["start_sec"]), float("inf")) for line in snapshot.work
    )


def work(folder: Path) -> list[dict[str, Any]]:
    """What the local engine did, chunk by chunk."""
    file = folder / WORK_FILE
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _hit(fault: Fault, attempts: list[AttemptRow]) -> list[AttemptRow]:
    """The attempts that ran when the fault fell: of its workers alone, when it has any."""
    until = fault.began if fault.workers else fault.ended
    return [
        attempt
        for attempt in attempts
        if attempt.started_at.timestamp() <= until
        and (attempt.finished_at is None or attempt.finished_at.timestamp() > fault.began)
        and (not fault.workers or _process_id(attempt.worker) in fault.workers)
    ]


def _process_id(worker: str) -> int | None:
    found = WORKER.search(worker)
    return int(found.group(1)) if found else None


def _middle_and_most(seconds: list[float]) -> tuple[float | None, float | None]:
    return (round(median(seconds), 2), round(max(seconds), 2)) if seconds else (None, None)
