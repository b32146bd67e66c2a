"""Answers that are kept for less than a second, and asked for once however many wait for them."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from store import changes

Key = TypeVar("Key", bound=Hashable)
Fact = TypeVar("Fact")
Reading = Callable[[bool], Awaitable[tuple[Fact, float]]]  # True: nobody waits for it yet
NOTHING_ELSE = math.inf  # it rests on nothing that was read before it was asked for
AHEAD = 0.8  # of the time that it may be kept
MOST = 10_000  # of some 3 kB each


@dataclass(frozen=True)
class _Kept(Generic[Fact]):
    fact: Fact
    since_sec: float
    mark: object


class KeptForAMoment(Generic[Key, Fact]):
    """For the one event loop that serves. What this process changes is seen at once: see `store.changes`."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._clock, self._most = clock, most
        self._kept: dict[Key, _Kept[Fact]] = {}  # the oldest first
        self._under_way: dict[Key, tuple[object, asyncio.Future[Fact]]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def at_hand(self, key: Key, keep_sec: float, reading: Reading[Fact]) -> Fact | None:
        """What is kept and no older than that, else None: `read` it then. What is asked for all the time is read again
        before it is too old, so that nobody has to wait for it."""
        kept = self._kept.get(key)
        if kept is None or kept.mark is not changes.latest():
            return None
        age_sec = self._clock() - kept.since_sec
        if age_sec >= keep_sec:
            return None
        if age_sec >= AHEAD * keep_sec and key not in self._under_way:
            self._begin(key, reading, ahead=True)
        return kept.fact

    async def read(self, key: Key, reading: Reading[Fact]) -> Fact:
        """What `reading` finds, which also says since when it may be out of date (NOTHING_ELSE: since it was asked).

        Whoever asks while it is under way waits for the same, or for its error.
        """
        return await asyncio.shield(self._begin(key, reading))

    def _begin(self, key: Key, reading: Reading[Fact], *, ahead: bool = False) -> asyncio.Future[Fact]:
        mark = changes.latest()
        known = self._under_way.get(key)
        if known is None or known[0] is not mark:
            task = asyncio.ensure_future(self._read(key, mark, reading, ahead))
            known = self._under_way[key] = (mark, task)
            task.add_done_callback(lambda done: self._ended(key, done))
        return known[1]

    async def _read(self, key: Key, mark: object, reading: Reading[Fact], ahead: bool) -> Fact:
        asked_sec = self._clock()
        fact, since_sec = await reading(ahead)
        self._keep(key, _Kept(fact, min(since_sec, asked_sec), mark))
        return fact

    def _keep(self, key: Key, kept: _Kept[Fact]) -> None:
        self._kept.pop(key, None)
        self._kept[key] = kept
        while self._kept:
            oldest = next(iter(self._kept))
            if len(self._kept) <= self._most and self._clock() - self._kept[oldest].since_sec < 1:
                break
            del self._kept[oldest]

    def _ended(self, key: Key, done: "asyncio.Future[Fact]") -> None:
        known = self._under_way.get(key)
        if known is not None and known[1] is done:
            del self._under_way[key]
        if not done.cancelled():
            done.exception()  # whoever waits has it; nobody may
