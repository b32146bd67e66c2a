"""What depends on everybody's sessions and not on whose is asked for: read once for all who ask within 0.6 s."""

import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from store import changes

Key = TypeVar("Key", bound=Hashable)
Facts = TypeVar("Facts")
KEEP_SEC = 0.6  # an answer of the API that is read again ahead of its time finds this read again, too


@dataclass(frozen=True)
class Kept(Generic[Facts]):
    """The facts, and since when (on the monotonic clock) they may be out of date; `mark`: of `store.changes`."""

    facts: Facts
    since_sec: float
    mark: object


@dataclass(frozen=True)
class _Reading(Generic[Facts]):
    answer: "Future[Kept[Facts]]"
    mark: object


class Shared(Generic[Key, Facts]):
    """What `read(key)` returned last, for so many seconds and until this process changes something.

    Threads that ask while it is read wait for the one that reads, and get its error too.
    """

    def __init__(self, read: Callable[[Key], Facts], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._read, self._clock = read, clock
        self._lock = Lock()
        self._kept: dict[Key, Kept[Facts]] = {}
        self._under_way: dict[Key, _Reading[Facts]] = {}

    def get(self, key: Key) -> Kept[Facts]:
        with self._lock:
            mark, kept = changes.latest(), self._kept.get(key)
            if kept is not None and kept.mark is mark and self._clock() - kept.since_sec < KEEP_SEC:
                return kept
            others = self._under_way.get(key)
            if others is None or others.mark is not mark:
                others, mine = None, _Reading[Facts](Future(), mark)
                self._under_way[key] = mine
        if others is not None:
            return others.answer.result()
        return self._answer(key, mine)

    def _answer(self, key: Key, mine: _Reading[Facts]) -> Kept[Facts]:
        since_sec = self._clock()
        try:
            kept = Kept(self._read(key), since_sec, mine.mark)
        except BaseException as error:
            mine.answer.set_exception(error)
            raise
        else:
            mine.answer.set_result(kept)
            return kept
        finally:
            with self._lock:
                if self._under_way.get(key) is mine:
                    del self._under_way[key]
                    if mine.answer.exception() is None:
                        self._kept[key] = kept
