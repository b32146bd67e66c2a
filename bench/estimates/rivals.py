"""What estimates are measured against. Each says the seconds left from what can be seen of a session so far."""

from collections.abc import Sequence

from bench.estimates.traces import Trace

SMOOTHING = 0.3


def fixed(trace: Trace, at: int) -> float:
    """Four times the recording's length, less what has passed."""
    return max(4 * trace.audio_sec - trace.points[at][0], 1.0)


def mean_rate(trace: Trace, at: int) -> float | None:
    """Time so far over audio so far; None before any audio is done."""
    t, done = trace.points[at]
    return max(t / done * (trace.audio_sec - done), 1.0) if done > 0 else None


def moving_average(trace: Trace, at: int) -> float | None:
    """tqdm's: exponential averages of the steps and of their times, each corrected for its start; their ratio.

    As in tqdm 4.67 (`std.EMA`, `smoothing=0.3`): last = a·x + (1 - a)·last, and the average is last / (1 - (1 - a)^n).
    """
    times = steps = 0.0
    (last_t, last_done), *later = trace.points[: at + 1]
    calls = 0
    for t, done in later:
        if done <= last_done:
            continue
        times = SMOOTHING * (t - last_t) + (1 - SMOOTHING) * times
        steps = SMOOTHING * (done - last_done) + (1 - SMOOTHING) * steps
        last_t, last_done = t, done
        calls += 1
    if not calls or not times:
        return None
    return max((trace.audio_sec - trace.points[at][1]) * times / steps, 1.0)  # the two corrections cancel


def last_two(trace: Trace, at: int, finished: Sequence[Trace]) -> float:
    """The mean pace of the last two finished sessions; four times the length before there are any."""
    if not finished:
        return fixed(trace, at)
    factor = sum(other.took_sec / other.audio_sec for other in finished[-2:]) / len(finished[-2:])
    return max(factor * (trace.audio_sec - trace.points[at][1]), 1.0)
