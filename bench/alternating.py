"""Times things in turn, so that whatever else the machine does hits all of them alike."""

import time
from collections.abc import Callable, Mapping
from statistics import median


def seconds_each(things: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of every thing over `rounds` rounds; each round runs them all, one after the other."""
    took: dict[str, list[float]] = {name: [] for name in things}
    for _ in range(rounds):
        for name, run in things.items():
            begun = time.perf_counter()
            run()
            took[name].append(time.perf_counter() - begun)
    return {name: median(seconds) for name, seconds in took.items()}
