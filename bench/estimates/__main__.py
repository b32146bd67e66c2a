"""`make bench-eta SEED=1`: how good estimates are, on recorded traces and on synthetic worlds, against the goals.

Prints a table and writes `var/bench-eta.json`: a list of name, value, goal and met.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.estimates import queue_world
from bench.estimates import scores as figures
from bench.estimates.replay import Replayed, replay
from bench.estimates.synthetic import world
from bench.estimates.traces import load
from bench.figures import Figure, at_most, within
from jobs.estimate import FRACTIONS
from store.settings import settings

TRACES = Path(__file__).parent / "recorded"
ENOUGH_RECORDED = 250  # sessions of an engine, for its intervals to have a goal
MOVING = ("steady", "noisy", "slowing")
KINDS = (*MOVING, "coarse", "slower")
MEAN_RATE_GOALS = {0.05: 0.9, 0.10: 1.05, 0.25: 1.05, 0.50: 1.05, 0.75: 1.05, 0.90: 1.05}
AVERAGE_GOAL = 0.75
Worlds = Sequence[Replayed]


def main() -> None:
    arguments = _arguments()
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    found: list[Figure] = []
    played: list[Replayed] = []
    for engine, traces in load(arguments.traces).items():
        one = replay(traces)
        name = f"recorded {engine} ({len(traces)} sessions)"
        found += of_world(name, one, goals=len(traces) >= ENOUGH_RECORDED) + against(name, [one], goals=True)
    for kind in KINDS:
        worlds = [replay(world(kind, seed, arguments.sessions), bars=seed == seeds[0]) for seed in seeds]
        found += of_world(kind, worlds[0], goals=True)
        covered = [_coverage(one) for one in worlds]
        found.append(Figure(f"{kind}: coverage, all fractions, least of {len(seeds)} seeds", min(covered)))
        found.append(Figure(f"{kind}: coverage, all fractions, most of {len(seeds)} seeds", max(covered)))
        if kind in MOVING:
            found += against(kind, worlds, goals=False)
            played += worlds
    found += against(f"synthetic, {len(seeds)} seeds", played, goals=True)
    found += queue_world.figures(arguments.seed, arguments.sessions)
    _print(found)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps([figure.to_json() for figure in found], indent=1) + "\n")


def of_world(name: str, played: Replayed, *, goals: bool) -> list[Figure]:
    """Errors, intervals and bars of one world."""
    found: list[Figure] = []
    for fraction in FRACTIONS:
        chosen = figures.warm(played.checkpoints, fraction)
        error = figures.median_error(chosen)
        if error is None:
            continue
        where = f"{name}: at {fraction:.0%}"
        if fraction == 0:
            found.append(at_most(f"{name}: at submission, median error", error[0], 0.2, error[1]))
        else:
            found.append(Figure(f"{where}, median error", error[0], interval=error[1]))
        p90 = float(np.quantile([one.scored.error for one in chosen], 0.9))
        found.append(Figure(f"{where}, p90 error", p90))
        covered = figures.coverage(chosen)
        goal = within(f"{where}, coverage", covered, 0.75, 0.85)
        found.append(goal if goals else Figure(goal.name, covered))
        found.append(Figure(f"{where}, width", figures.width(chosen)))
    found.append(at_most(f"{name}: Winkler to fixed width", figures.winkler_ratio(played.checkpoints), 0.8))
    return found + figures.bars(name, played.bars)


def against(name: str, worlds: Worlds, *, goals: bool) -> list[Figure]:
    """Our median error over that of each rival, fraction by fraction."""
    found = []
    for rival in ("mean rate", "moving average", "fixed 4x", "last two"):
        for fraction in FRACTIONS:
            compared = figures.ratio([figures.warm(one.checkpoints, fraction) for one in worlds], rival)
            if compared is None:
                continue
            title = f"{name}: at {fraction:.0%}, error to {rival}"
            most = MEAN_RATE_GOALS.get(fraction) if rival == "mean rate" else None
            if rival == "moving average" and fraction == 0.5:
                most = AVERAGE_GOAL
            if most is None or not goals:
                found.append(Figure(title, compared[0], interval=compared[1]))
            else:
                found.append(at_most(title, compared[0], most, compared[1]))
    return found


def _coverage(played: Replayed) -> float:
    chosen = [one for fraction in FRACTIONS for one in figures.warm(played.checkpoints, fraction)]
    return figures.coverage(chosen) or 0.0


def _print(found: Sequence[Figure]) -> None:
    for figure in found:
        value = "–" if figure.value is None else f"{figure.value:.3f}"
        interval = f"[{figure.interval[0]:.3f}, {figure.interval[1]:.3f}]" if figure.interval else ""
        met = {True: "met", False: "NOT MET", None: ""}[figure.met]
        print(f"{figure.name:70} {value:>9} {interval:18} {figure.goal:14} {met}")
    goals = [figure.met for figure in found if figure.met is not None]
    print(f"{sum(goals)} of {len(goals)} goals met")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first of the seeds of the synthetic worlds")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--sessions", type=int, default=300, help="of each synthetic world")
    parser.add_argument("--traces", type=Path, nargs="*", default=[TRACES], help="files or folders of recorded traces")
    parser.add_argument("--out", type=Path, default=settings().var_dir / "bench-eta.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
