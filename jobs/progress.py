"""How far a session is, in percent: DESIGN's formula, pure."""

import math
from collections.abc import Collection

WEIGHT_OF_AUDIO = 0.7
WEIGHT_OF_TIME = 0.3
MOST_BEFORE_COMPLETED = 99
MOST_ESTIMATED = 95  # by time alone nobody knows that the end is near


def percent(
    *,
    processed_sec: float,
    total_sec: float,
    elapsed_sec: float,
    expected_sec: float,
    resumed_sec: float = 0.0,
    reported: bool = True,
) -> int:
    """`0.7 · actual + 0.3 · time` in whole percent, 0 to 99: 100 is for completed sessions alone.

    actual = processed/total seconds of audio. time = elapsed/expected seconds, where audio that earlier attempts had
    finished (`resumed_sec`) counts as if it had just taken its expected time: an attempt that goes on from half starts
    at 50 %, and with nothing resumed this is elapsed/expected. Both are capped at 1. All four move forward within an
    attempt and `expected_sec` is frozen, so the percentage never falls. Where a provider has not `reported` anything
    yet, time stands for both, up to 95: the caller keeps what was shown when a report then says less.
    """
    time = _share(elapsed_sec + expected_sec * _share(resumed_sec, total_sec), expected_sec)
    if not reported:
        return min(math.floor(100 * time + 1e-9), MOST_ESTIMATED)
    actual = _share(processed_sec, total_sec)
    whole = math.floor(100 * (WEIGHT_OF_AUDIO * actual + WEIGHT_OF_TIME * time) + 1e-9)
    return min(whole, MOST_BEFORE_COMPLETED)


def passed_sec(*, processed_sec: float, begun_sec: float, since_sec: float, pace: float) -> float:
    """How much audio an engine has passed whose chunks are done at once: what is done, and since the last report what
    its `pace` (seconds of processing a second of audio) makes likely, up to `begun_sec`: never beyond what the next
    report is going to say, so that it does not go backwards then."""
    likely_sec = processed_sec + max(since_sec, 0.0) / pace if pace > 0 else processed_sec
    return max(min(likely_sec, begun_sec), processed_sec)


def begun_sec(processed_sec: float, under_way: Collection[float]) -> float:
    """What is done for certain once the next chunk is, of chunks of these lengths that are recognised at once."""
    return processed_sec + min(under_way, default=0.0)


def waiting_percent(*, processed_sec: float, total_sec: float) -> int:
    """What a session that waits between two attempts has: where its next attempt will start."""
    return percent(
        processed_sec=processed_sec, total_sec=total_sec, elapsed_sec=0, expected_sec=1, resumed_sec=processed_sec
    )


def _share(part: float, whole: float) -> float:
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0
