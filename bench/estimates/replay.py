"""A world of traces played again, strictly in the order of finishing: an estimate sees only what had finished before.

Expectations, estimates, intervals and percentages are those of the product's own functions.
"""

import heapq
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean

from bench.estimates import rivals
from bench.estimates.traces import Trace
from jobs import progress
from jobs.estimate import FRACTIONS, Calibrator, Finished, Shown, estimate, expect, raw_sec
from jobs.estimate.expectation import Expectation
from jobs.estimate.scoring import Scored

POLL_SEC = 5.0
LEARN_FROM = 200


@dataclass(frozen=True)
class Checkpoint:
    """One estimate at the first report at which `fraction` of the audio was done; what the rivals said then."""

    fraction: float
    finished_before: int
    scored: Scored
    rivals: dict[str, float | None]


@dataclass(frozen=True)
class Bar:
    """What a viewer who looks every five seconds saw of one session's bar and time."""

    took_sec: float
    steps_back: int
    mean_error: float  # points, against the share of the time that had passed
    last: int  # at the last look before completion
    jitter: float  # mean change of the shown time of completion from look to look, as a share of the whole time


@dataclass
class Replayed:
    """Everything that was estimated in one world."""

    checkpoints: list[Checkpoint] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)


def replay(traces: Sequence[Trace], *, bars: bool = True) -> Replayed:
    """Estimates for every trace at every checkpoint, in the order of time."""
    events = [
        (trace.started_sec + at, number, fraction, index)
        for number, trace in enumerate(traces)
        for fraction, index, at in _checkpoints(trace)
    ]
    replayed, finished, calibrator = Replayed(), list[Trace](), Calibrator()
    running: list[tuple[float, int]] = []
    expected: dict[int, Expectation] = {}
    scores: dict[int, dict[float, float]] = {}
    calibration = calibrator.calibration()
    for now, number, fraction, index in sorted(events):
        before = len(finished)
        while running and running[0][0] <= now:
            _, done = heapq.heappop(running)
            finished.append(traces[done])
            calibrator.add(scores.pop(done))
        if len(finished) > before:
            calibration = calibrator.calibration()
        trace = traces[number]
        if number not in expected:
            history = [Finished(other.audio_sec, other.took_sec, other.at_once) for other in finished[-LEARN_FROM:]]
            expected[number] = expect(trace.audio_sec, history[::-1], at_once=trace.at_once)
            scores[number] = {}
            heapq.heappush(running, (trace.finished_sec, number))
        shown = _shown(trace, index)
        left = estimate(expected[number], shown, calibration)
        actual = max(trace.took_sec - shown.elapsed_sec, 1.0)
        scores[number][fraction] = math.log(actual / raw_sec(expected[number], shown))
        replayed.checkpoints.append(
            Checkpoint(
                fraction,
                len(finished),
                Scored(left.sec, actual, left.low_sec, left.high_sec),
                {
                    "fixed 4x": rivals.fixed(trace, index),
                    "mean rate": rivals.mean_rate(trace, index),
                    "moving average": rivals.moving_average(trace, index),
                    "last two": rivals.last_two(trace, index, finished),
                },
            )
        )
        if bars and fraction == 0.0 and len(finished) >= 10:
            replayed.bars.append(watch(trace, expected[number]))
    return replayed


def watch(trace: Trace, expectation: Expectation) -> Bar:
    """One session as its bar was seen, every five seconds."""
    shown, ready, errors = [], [], []
    looks = max(math.ceil(trace.took_sec / POLL_SEC), 1)
    index, has_moved = 0, any(0 < done < trace.audio_sec for _, done in trace.points)
    for look in range(looks):
        now = look * POLL_SEC
        while index + 1 < len(trace.points) and trace.points[index + 1][0] <= now:
            index += 1
        at, done = trace.points[index]
        percent = progress.percent(
            processed_sec=done,
            total_sec=trace.audio_sec,
            elapsed_sec=now,
            expected_sec=expectation.expected_sec,
            reported=has_moved or done > 0,
        )
        shown.append(percent)
        errors.append(abs(percent - 100 * now / trace.took_sec))
        ready.append(at + max(raw_sec(expectation, _shown(trace, index)), now - at + 1))
    changes = [abs(after - before) for before, after in itertools.pairwise(ready)]
    return Bar(
        took_sec=trace.took_sec,
        steps_back=sum(after < before for before, after in itertools.pairwise(shown)),
        mean_error=mean(errors),
        last=shown[-1],
        jitter=mean(changes) / trace.took_sec if changes else 0.0,
    )


def _checkpoints(trace: Trace) -> list[tuple[float, int, float]]:
    """(fraction, index of the point, seconds since the start) of every fraction that could be observed."""
    found = [(0.0, 0, 0.0)]
    for fraction in FRACTIONS[1:]:
        index = trace.first_at(fraction)
        if index is not None:
            found.append((fraction, index, trace.points[index][0]))
    return found


def _shown(trace: Trace, index: int) -> Shown:
    elapsed, done = trace.points[index]
    prepared = trace.prepared_sec if done > 0 else 0.0
    return Shown(done, trace.audio_sec, elapsed, prepared_sec=prepared, lately=trace.lately[index])
