"""A million sessions beside a thousand: what people ask for must not take longer, and nothing may read whole tables.

Three databases of one server, each asked by a process of its own through the product's functions, in turn. A kind of
page is as slow as the worst of its variants: each order, depth and filter, as a coach with row-level security and as
operations. Compared are those that show as many rows in both.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from statistics import median

from bench.figures import Figure, at_most
from bench.worlds.million_rows import databases

SIZES = (1_000, 100_000, 1_000_000)
FEW, MANY = SIZES[0], SIZES[-1]
ROUNDS, MORE_ROUNDS = 9, 31  # more where it looks as if one took longer: the worst of many is the unluckiest
LOOKS_LONGER = 1.1
KINDS = {
    "history": "history page (any order, depth and filter)",
    "active": "active list",
    "stalled": "stalled page",
    "speed": "speed page",
}
Times = dict[str, float]


def measure() -> Iterator[Figure]:
    with databases(SIZES) as urls:
        spawn = multiprocessing.get_context("spawn")
        askers = {
            size: ProcessPoolExecutor(1, mp_context=spawn, initializer=_use, initargs=(url,))
            for size, url in urls.items()
        }
        try:
            for size in SIZES:
                askers[size].submit(_make_statistics).result()
            yield from _compared(askers)
            slowest, ms = _slowest(_times(askers, "search")[MANY])
            yield at_most(f"text search at a million, ms; slowest: {slowest}", ms * 1000, 50)
            anew = _times(askers, "speed anew")
            slowest, ms = _slowest(anew[MANY])
            yield Figure(f"speed page at a million right after a change, ms; slowest: {slowest}", ms * 1000)
            found = askers[MANY].submit(_scans).result()
            for scan in found:
                print(f"    sequential scan of {scan}")
            yield at_most("sequential scans of big tables at a million", len(found), 0)
        finally:
            for asker in askers.values():
                asker.shutdown()


def _compared(askers: dict[int, ProcessPoolExecutor]) -> Iterator[Figure]:
    for kind, name in KINDS.items():
        times = _times(askers, kind)
        middle = SIZES[1]
        longer = [one for one in times[FEW] if times[MANY][one] > LOOKS_LONGER * times[FEW][one]]
        for size, again in _times(askers, kind, longer, MORE_ROUNDS).items():
            times[size] |= again
        ratios = {one: times[MANY][one] / times[FEW][one] for one in times[FEW]}
        alike = {
            one: ratios[one]
            for one in ratios
            if len({askers[size].submit(_rows, kind, one).result() for size in SIZES}) == 1
        }
        worst, ratio = _slowest(alike or ratios)
        ms = [f"{times[size][worst] * 1000:.1f}" for size in SIZES]
        yield at_most(f"{name}, a million to a thousand; worst: {worst}, {' / '.join(ms)} ms", ratio, 1.2)
        yield Figure(f"{name}, the same of the median variant", median((alike or ratios).values()))
        if len(alike) < len(ratios):
            yield Figure(f"{name}, worst of those with more rows to show", _slowest(ratios)[1])
        _, least = _slowest({one: times[middle][one] / times[FEW][one] for one in alike or ratios})
        yield Figure(f"{name}, a hundred thousand to a thousand, worst", least)


def _times(
    askers: dict[int, ProcessPoolExecutor], kind: str, names: list[str] | None = None, rounds: int = ROUNDS
) -> dict[int, Times]:
    """The p50 of each variant in seconds, by the number of sessions; the sizes take turns."""
    took: dict[int, dict[str, list[float]]] = {size: {} for size in SIZES}
    for name in askers[FEW].submit(_names, kind).result() if names is None else names:
        for size in SIZES:
            askers[size].submit(_ask, kind, name).result()  # whatever is read for the first time
        for _ in range(rounds):
            for size in SIZES:
                took[size].setdefault(name, []).append(askers[size].submit(_ask, kind, name).result())
    return {size: {name: median(seconds) for name, seconds in took[size].items()} for size in SIZES}


def _slowest(times: Times) -> tuple[str, float]:
    return max(times.items(), key=lambda one: one[1])


def _use(url: str) -> None:
    """In the asking process, before anything of the product is imported there."""
    os.environ["DATABASE_URL"] = url
    os.environ["SLOW_QUERY_MS"] = "0"  # what it prepares is slow, and no news


def _make_statistics() -> None:
    from jobs.statistics_kept import MOST_DAYS
    from store import statistics
    from store.database import transaction

    days = MOST_DAYS
    while days:
        with transaction() as db:
            days = statistics.refresh(db, MOST_DAYS)


_asked: dict[str, dict[str, object]] = {}


def _questions(kind: str) -> dict[str, object]:
    from bench.worlds import questions

    if kind not in _asked:
        made = {
            "history": questions.history_pages,
            "search": questions.searches,
            "active": questions.active_lists,
            "stalled": questions.stalled_pages,
            "speed": questions.speed_pages,
            "speed anew": lambda: questions.speed_pages(anew=True),
        }
        _asked[kind] = dict(made[kind]())
    return _asked[kind]


def _names(kind: str) -> list[str]:
    return list(_questions(kind))


def _ask(kind: str, name: str) -> float:
    ask = _questions(kind)[name]
    assert callable(ask)
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def _rows(kind: str, name: str) -> int:
    """How many rows the answer shows: pages that show more take longer for it, whatever the size."""
    ask = _questions(kind)[name]
    assert callable(ask)
    answer = ask()
    shown = getattr(answer, "sessions", answer)
    return len(shown) if isinstance(shown, list) else 0


def _scans() -> list[str]:
    from bench.worlds.plans import scans
    from bench.worlds.questions import everything

    return sorted({scan for ask in everything().values() for scan in scans(ask)})
