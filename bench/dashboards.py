"""Hundreds of open dashboards: how soon one is refreshed, and what that costs the product's web process.

They are WebSocket clients of Streamlit's protocol in a process of their own, all on the live page of one coach with
five cards (two run, two wait, one is completed), opened at two a second. The web process is the one of `make run`.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from sqlalchemy import text

from bench.figures import Figure, at_most
from bench.processes.web import LEAST, Served, served
from bench.viewers.dashboards import Viewers
from bench.viewers.streamlit_client import Seen
from bench.worlds.five_cards import FiveCards, registered_workers
from store.database import transaction

OWNER = "bench-dashboards"
FEW, MANY, MOST = 20, 100, 200
PER_SEC = 2.0  # people open it at this pace
LOOK_SEC = 20.0
SOAK_SEC = 75.0
KEPT_SEC = 135.0  # Streamlit keeps what belongs to a closed dashboard for two minutes
MB = 1e6


@dataclass(frozen=True)
class Looked:
    """What was seen of the web process and by its viewers while nobody came or went."""

    seen: Seen
    cpu_sec_each: float  # a rerun
    transactions_per_sec: float


def measure() -> Iterator[Figure]:
    with served(LEAST) as bare, Viewers(bare.address) as people:
        people.open(MANY, 20.0)
        floor = _look(bare, people, None, LOOK_SEC / 2)
    yield Figure("Streamlit alone, one line: CPU a rerun, ms", 1000 * floor.cpu_sec_each)
    with (
        registered_workers(),
        FiveCards(OWNER) as cards,
        served(settings={"OWNER": OWNER}) as web,
        Viewers(web.address) as people,
    ):
        yield from _measure(web, people, cards)


def _measure(web: Served, people: Viewers, cards: FiveCards) -> Iterator[Figure]:
    people.open(1, PER_SEC)
    before = web.memory_bytes()
    opened = people.open(FEW - 1, PER_SEC)
    few = _look(web, people, cards, LOOK_SEC)
    opened += people.open(MANY - FEW, PER_SEC)
    many = _look(web, people, cards, LOOK_SEC)
    opened += people.open(MOST - MANY, PER_SEC)
    most = _look(web, people, cards, LOOK_SEC)
    soak = web.memory_bytes()
    soaked = _look(web, people, cards, SOAK_SEC)
    grown = web.memory_bytes() - soak
    full = web.memory_bytes()
    people.close()
    time.sleep(KEPT_SEC)
    people.open(1, PER_SEC)  # what is too old is dropped when another one closes
    people.close()
    for count, looked, goal_ms in ((MANY, many, 100.0), (MOST, most, 150.0)):
        yield at_most(f"refresh, p95 at {count} dashboards, ms", 1000 * _p95(looked.seen.rerun_sec), goal_ms)
        yield Figure(f"refresh, p50 at {count} dashboards, ms", 1000 * median(looked.seen.rerun_sec))
        yield at_most(f"CPU a refresh at {count} dashboards, ms", 1000 * looked.cpu_sec_each, 10.0)
    yield at_most("opening a page at two a second, p95, ms", 1000 * _p95(opened), 1000.0)
    yield Figure("memory a dashboard, MB", (full - before) / MOST / MB)
    yield at_most(f"memory a dashboard grows by in {SOAK_SEC:.0f} s of {MOST}, KB", max(grown, 0) / MOST / 1000, 10.0)
    yield Figure("memory kept two minutes after all were closed, MB", (web.memory_bytes() - before) / MB)
    yield Figure(f"transactions a second, {FEW} dashboards", few.transactions_per_sec)
    yield Figure(f"transactions a second, {MOST} dashboards", soaked.transactions_per_sec)
    # A reading holds until the next second begins: a few viewers leave some of them out
    yield at_most(
        f"transactions, {MOST} dashboards to {FEW}", soaked.transactions_per_sec / few.transactions_per_sec, 1.3
    )
    errors = [error for looked in (few, many, most, soaked) for error in looked.seen.errors]
    yield at_most("errors", float(len(errors)), 0.0)


def _look(web: Served, people: Viewers, cards: FiveCards | None, for_sec: float) -> Looked:
    people.seen()
    begun, cpu_sec = time.monotonic(), web.cpu_sec()
    transactions, written = _transactions(), cards.written if cards else 0
    time.sleep(for_sec)
    seen, cpu_sec, took = people.seen(), web.cpu_sec() - cpu_sec, time.monotonic() - begun
    written = (cards.written if cards else 0) - written
    asked = _transactions() - transactions - written
    return Looked(seen, cpu_sec / max(len(seen.rerun_sec), 1), asked / took)


def _transactions() -> int:
    """All that were ended in this database so far, but for those that connections have not told of yet."""
    with transaction() as db:
        ended = text("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
        counted: int = db.scalars(ended).one()
        return counted


def _p95(seconds: list[float]) -> float:
    ordered = sorted(seconds)
    return ordered[int(0.95 * (len(ordered) - 1))] if ordered else float("inf")
