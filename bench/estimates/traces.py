"""Traces: what was observed of a session while it ran. Recorded ones come from JSON files, a list of traces in each."""

import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jobs.estimate import Lately, Pace


@dataclass(frozen=True)
class Trace:
    """One session: seconds of audio, and points (seconds since its start, seconds of audio done), the last at its end.

    `prepared_sec` is when its first audio could be done; `started_sec` orders the sessions of a world.
    """

    audio_sec: float
    points: tuple[tuple[float, float], ...]
    started_sec: float = 0.0
    at_once: int = 1

    @property
    def took_sec(self) -> float:
        return self.points[-1][0]

    @property
    def finished_sec(self) -> float:
        return self.started_sec + self.took_sec

    @cached_property
    def prepared_sec(self) -> float:
        """The last point at which nothing was done."""
        return max(t for t, done in self.points if done <= 0)

    @cached_property
    def lately(self) -> list[Lately | None]:
        """The pace of lately at every point, as the attempt's worker would have told it."""
        pace, told = None, []
        for t, done in self.points:
            if done <= 0:
                pace = Pace(t, 0.0, self.audio_sec)
            elif pace is not None:
                pace.report(t, done)
            told.append(pace.lately if pace else None)
        return told

    def first_at(self, fraction: float) -> int | None:
        """The index of the first point before the end at which so much of the audio was done; None without one."""
        index = bisect_left([done for _, done in self.points], fraction * self.audio_sec - 1e-9)
        return index if index < len(self.points) - 1 else None


def load(places: Iterable[Path]) -> dict[str, list[Trace]]:
    """The traces of files, and of the `.json` files of folders, by engine, in the order in which they finished.

    A trace needs `audio_sec` and `points`; `engine`, `started_sec` and `at_once` where they are known. Without
    `started_sec` they are taken to have run one after the other.
    """
    found: dict[str, list[Trace]] = {}
    for place in places:
        for path in sorted(place.glob("*.json")) if place.is_dir() else [place]:
            for facts in json.loads(path.read_text()):
                traces = found.setdefault(facts.get("engine", path.stem), [])
                before = max((trace.finished_sec for trace in traces), default=0.0)
                points = [(float(t), float(done)) for t, done in facts["points"]]
                if points[0][0] > 0 or points[0][1] > 0:
                    points.insert(0, (0.0, 0.0))
                started = facts.get("started_sec", before)
                traces.append(Trace(facts["audio_sec"], tuple(points), started, facts.get("at_once", 1)))
    return {engine: in_order(traces) for engine, traces in found.items()}


def in_order(traces: Sequence[Trace]) -> list[Trace]:
    """Sorted by their start."""
    return sorted(traces, key=lambda trace: trace.started_sec)
