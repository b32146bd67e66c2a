"""Seeded worlds of sessions that never ran: what the estimator must get right and a quiet machine does not show."""

from collections.abc import Callable

import numpy as np

from bench.estimates.traces import Trace

STEP_SEC = 5.0  # of audio between two steps of the pace
MOST_POINTS = 400
BETWEEN_SESSIONS = 0.2  # standard deviation of the log of the pace of whole sessions
LENGTHS_SEC = (60.0, 5400.0)

Pace = Callable[[np.random.Generator, int], "np.ndarray"]


def _wander(chance: np.random.Generator, steps: int, deviation: float, memory: float) -> "np.ndarray":
    """The log of a pace that wanders around 0 and comes back (an AR(1) process)."""
    kicks = chance.normal(0, deviation * np.sqrt(1 - memory**2), steps)
    kicks[0] = chance.normal(0, deviation)
    wandering = np.empty(steps)
    at = 0.0
    for i in range(steps):
        at = memory * at + kicks[i] if i else kicks[0]
        wandering[i] = at
    return wandering


def steady(chance: np.random.Generator, steps: int) -> "np.ndarray":
    return _wander(chance, steps, 0.15, 0.8)


def noisy(chance: np.random.Generator, steps: int) -> "np.ndarray":
    """Other load comes and goes, and now and then nothing moves for a while."""
    stalls = (chance.random(steps) < 0.01) * chance.uniform(1, 3, steps)
    return _wander(chance, steps, 0.45, 0.93) + stalls


def slowing(chance: np.random.Generator, steps: int) -> "np.ndarray":
    """Every other session slows down to 1.2 to 2 times the time somewhere in its middle."""
    pace = _wander(chance, steps, 0.2, 0.8)
    if chance.random() < 0.5:
        pace[int(steps * chance.uniform(0.3, 0.7)) :] += np.log(chance.uniform(1.2, 2.0))
    return pace


def world(kind: str, seed: int, sessions: int = 300) -> list[Trace]:
    """Sessions of one engine in the order of their start, up to two at once. `kind`: steady, noisy, slowing, coarse
    (0 and then 100 %), or slower (steady, and everything takes 1.5 times as long from the middle of the world on)."""
    chance = np.random.default_rng([seed, sum(kind.encode())])
    pace: Pace = {"noisy": noisy, "slowing": slowing}.get(kind, steady)
    factor, start_sec, sharing = chance.uniform(0.1, 0.5), chance.uniform(1, 6), chance.uniform(0.3, 0.9)
    free_at, traces = [0.0, 0.0], []
    for number in range(sessions):
        audio_sec = float(np.exp(chance.uniform(*np.log(LENGTHS_SEC))))
        worker = int(np.argmin(free_at))
        at = free_at[worker] + chance.exponential(60)
        at_once = 2 if free_at[1 - worker] > at else 1
        steps = max(int(audio_sec / STEP_SEC), 4)
        drift = 1.5 if kind == "slower" and number >= sessions // 2 else 1.0
        own = factor * drift * at_once**sharing * np.exp(chance.normal(0, BETWEEN_SESSIONS))
        prepared = start_sec + audio_sec * 0.002
        times = prepared + np.cumsum(own * np.exp(pace(chance, steps)) * audio_sec / steps)
        done = audio_sec * np.arange(1, steps + 1) / steps
        points = [(0.0, 0.0), (float(prepared), 0.0)]
        if kind != "coarse":
            kept = np.unique(np.linspace(0, steps - 2, min(steps - 1, MOST_POINTS)).astype(int))
            points += [(float(times[i]), float(done[i])) for i in kept]
        points.append((float(times[-1]), audio_sec))
        traces.append(Trace(audio_sec, tuple(points), at, at_once))
        free_at[worker] = traces[-1].finished_sec
    return sorted(traces, key=lambda trace: trace.started_sec)
