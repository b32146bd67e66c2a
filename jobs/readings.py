"""Answers that all viewers of this process share for a second, and old ones when the database is away."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from store import changes

AWAY = (OperationalError, InterfaceError, PoolTimeout)
Facts = TypeVar("Facts")
Key = tuple[Callable[..., Any], tuple[Any, ...]]


class DatabaseAway(Exception):
    """The database cannot be reached, and there is no earlier answer to show."""


@dataclass(frozen=True)
class Reading(Generic[Facts]):
    """What the database said at `at`; `fresh` is False when it does not answer now."""

    facts: Facts
    at: datetime
    fresh: bool
    read_sec: float = 0.0  # on the monotonic clock
    mark: object = None  # of `store.changes`, before it was asked


@dataclass
class _Asking:
    since_sec: float
    mark: object
    answer: "Future[Reading[Any]]" = field(default_factory=Future)


class Readings:
    """The last answer to each question. A question under way is asked once, however many viewers want to know.

    It is asked in a thread of its own, since a frozen Postgres holds its caller for ever: viewers wait `patience_sec`.
    """

    def __init__(self, *, keep_sec: float = 1.0, patience_sec: float = 3.0, forget_sec: float = 600.0) -> None:
        self._keep_sec, self._patience_sec, self._forget_sec = keep_sec, patience_sec, forget_sec
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="reading")
        self._lock = Lock()
        self._last: dict[Key, Reading[Any]] = {}
        self._asking: dict[Key, _Asking] = {}

    def ask(self, question: Callable[..., Facts], *arguments: Any) -> Reading[Facts]:
        """The answer of now, or the last one marked as not fresh; DatabaseAway when there is none.

        `question` is a function of a module and `arguments` are hashable: together they say what is shared.
        """
        key = (question, arguments)
        with self._lock:
            mark, last = changes.latest(), self._last.get(key)
            if last is not None and last.mark is mark and self._is_of_now(last.read_sec):
                return last
            asking = self._asking.get(key)
            if asking is None or asking.mark is not mark:
                asking = self._asking[key] = _Asking(time.monotonic(), mark)
                asking.answer = self._threads.submit(self._answer, key, asking)
        patience = self._patience_sec - (time.monotonic() - asking.since_sec)
        try:
            return asking.answer.result(max(patience, 0.0))
        except (TimeoutError, *AWAY):
            if last is None:
                raise DatabaseAway from None
            return Reading(last.facts, last.at, fresh=False, read_sec=last.read_sec)

    def ask_anew(self, question: Callable[..., Facts], *arguments: Any) -> Reading[Facts]:
        """The answer of now, however lately the same was asked."""
        with self._lock:
            self._expire((question, arguments))
        return self.ask(question, *arguments)

    def forget(self) -> None:
        """Ask anew next time: something was just changed."""
        with self._lock:
            for key in {*self._last, *self._asking}:
                self._expire(key)

    def _is_of_now(self, read_sec: float) -> bool:
        """Whether that was within this second (or however long is set) of the clock: so few viewers ask the database as
        often as many do, and nothing gets older than if it were kept for so long from when it was read."""
        return self._keep_sec > 0 and read_sec // self._keep_sec == time.monotonic() // self._keep_sec

    def _expire(self, key: Key) -> None:
        """What was asked until now answers nobody who asks from now on, also when its answer is still to come."""
        self._asking.pop(key, None)
        if last := self._last.get(key):
            self._last[key] = replace(last, read_sec=last.read_sec - self._keep_sec)

    def _answer(self, key: Key, asking: _Asking) -> Reading[Any]:
        question, arguments = key
        try:
            # as old as its question: what is changed while it is read may be missing in it
            facts = question(*arguments)
            reading = Reading(facts, datetime.now(UTC), fresh=True, read_sec=asking.since_sec, mark=asking.mark)
            with self._lock:
                if self._asking.get(key) is asking:
                    self._last[key] = reading
                    oldest = reading.read_sec - self._forget_sec
                    self._last = {other: kept for other, kept in self._last.items() if kept.read_sec > oldest}
                elif key not in self._last:  # better than nothing, should the database go away now
                    self._last[key] = replace(reading, read_sec=reading.read_sec - self._keep_sec)
            return reading
        finally:
            with self._lock:
                if self._asking.get(key) is asking:
                    del self._asking[key]


@cache
def readings() -> Readings:
    """The readings that all viewers of this process share; whose they are is among a question's arguments."""
    return Readings()


readings()  # made before there are two threads that could each make their own
