"""How many answers on a session one web process gives, uncached and cached, against bare Starlette routes (goals 1, 2).

The product's web process is the one of production (dashboard and API in one). The baseline is a bare Starlette app
under the same server: a route that does the same SELECT on the same pool with the same number of threads, and one that
returns constant JSON. 64 connections of a process of its own ask for random sessions, in turn here and there.
"""

import json
from collections.abc import Iterator
from statistics import median

from bench.figures import Figure, at_least
from bench.processes.web import BARE, PRODUCT, WITH_SIGN_IN, Served, served
from bench.viewers.load import Outcome, ask
from bench.worlds import status_world
from bench.worlds.status_world import LOCAL, SIGNED_IN, Asked

CONNECTIONS = 64
SECONDS = 1.5
ROUNDS = 11
WATCHED = 64  # sessions whose answers are kept: each connection's own, as it were
Requests = list[tuple[str, dict[str, str]]]


def measure() -> Iterator[Figure]:
    status_world.make()
    try:
        yield from _uncached()
        yield from _cached()
    finally:
        status_world.remove()


def _uncached() -> Iterator[Figure]:
    """Every request reads the session and whoever asks; the queue is played forward once a second for everybody."""
    off = {"STATUS_CACHE_SEC": "0"}
    with served(BARE) as bare, served(PRODUCT, off) as local, served(PRODUCT, WITH_SIGN_IN | off) as signed_in:
        found = _in_turn(
            {
                "bare": (bare, [(f"/select/{one.session_id}", {}) for one in status_world.asked(LOCAL)], False),
                LOCAL: (local, requests(status_world.asked(LOCAL)), False),
                SIGNED_IN: (signed_in, requests(status_world.asked(SIGNED_IN)), False),
            }
        )
    yield Figure("bare route with the same SELECT, answers a second", median(found["bare"]))
    yield at_least("uncached, local person, to the bare SELECT", _ratio(found, LOCAL, "bare"), 0.5)
    yield at_least("uncached, signed in, to the bare SELECT", _ratio(found, SIGNED_IN, "bare"), 0.4)


def _cached() -> Iterator[Figure]:
    with served(BARE) as bare, served(PRODUCT) as local, served(PRODUCT, WITH_SIGN_IN) as signed_in:
        of = {who: requests(watched(who)) for who in (LOCAL, SIGNED_IN)}
        found = _in_turn(
            {
                "constant": (bare, [("/constant", {})], False),
                LOCAL: (local, of[LOCAL], False),
                f"{LOCAL}, 304": (local, of[LOCAL], True),
                SIGNED_IN: (signed_in, of[SIGNED_IN], False),
                f"{SIGNED_IN}, 304": (signed_in, of[SIGNED_IN], True),
            }
        )
    yield Figure("bare route with constant JSON, answers a second", median(found["constant"]))
    for who in (LOCAL, SIGNED_IN):
        yield at_least(f"cached, {who}, to constant JSON", _ratio(found, who, "constant"), 0.6)
        yield at_least(f"ETag and 304, {who}, to constant JSON", _ratio(found, f"{who}, 304", "constant"), 0.85)


def watched(who: str) -> list[Asked]:
    """Sessions in all states, as many as there are connections."""
    all_states = status_world.asked(who)
    return all_states[:: len(all_states) // WATCHED][:WATCHED]


def requests(asked: list[Asked]) -> Requests:
    return [(one.path, one.headers) for one in asked]


def _in_turn(loads: dict[str, tuple[Served, Requests, bool]]) -> dict[str, list[float]]:
    """The answers a second of each, over rounds in which each has its turn; RuntimeError for other answers."""
    found: dict[str, list[float]] = {name: [] for name in loads}
    for _ in range(ROUNDS):
        for name, (server, wanted, etags) in loads.items():
            outcome = ask(server.port, wanted, CONNECTIONS, SECONDS, etags=etags)
            _check(name, outcome, {"200", "304"} if etags else {"200"})
            found[name].append(outcome.a_second)
    return found


def _ratio(found: dict[str, list[float]], name: str, baseline: str) -> float:
    """The median over the rounds: what slows the machine down slows down both of a round."""
    return median(ours / bare for ours, bare in zip(found[name], found[baseline], strict=True))


def _check(name: str, outcome: Outcome, wanted: set[str]) -> None:
    if outcome.errors or set(outcome.statuses) - wanted:
        raise RuntimeError(f"{name}: {outcome.errors} errors, {json.dumps(outcome.statuses)}")
