"""Reads at once what many requests ask for: whatever comes while the readers are busy goes with the next round.

A hop to a thread and a round trip to Postgres cost more than what they fetch, so under load they are shared; alone a
request is read at once.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Ask = TypeVar("Ask")
Found = TypeVar("Found")
READERS = 2  # more of them only fight for the interpreter
MOST_AT_ONCE = 32
LINGER_SEC = 0.05  # what nobody waits for yet may be joined by others
PATIENCE_SEC = 10.0  # a frozen Postgres never answers


class Gathered(Generic[Ask, Found]):
    """`read_all` is called in a thread with some asks, and returns for each what was found or the error to raise. For
    the one event loop that serves."""

    def __init__(self, read_all: Callable[[list[Ask]], list[Found | Exception]]) -> None:
        self._read_all = read_all
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="status")
        self._waiting: list[tuple[Ask, asyncio.Future[Found]]] = []
        self._busy = 0

    async def read(self, ask: Ask, ahead: bool = False) -> Found:
        """What is found for this, or the error; TimeoutError after PATIENCE_SEC. `ahead`: nobody waits for it yet."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found] = loop.create_future()
        self._waiting.append((ask, answer))
        if ahead:
            loop.call_later(LINGER_SEC, self._start)
        else:
            self._start()
        try:
            async with asyncio.timeout(PATIENCE_SEC):
                return await answer
        finally:
            if answer.cancelled():
                self._drop_those_who_went()

    def _start(self) -> None:
        if self._busy >= READERS:
            return
        self._drop_those_who_went()
        batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        if batch:
            self._busy += 1
            asks = [ask for ask, _ in batch]
            reading = asyncio.get_running_loop().run_in_executor(self._threads, self._round, asks)
            reading.add_done_callback(lambda done: self._ended([answer for _, answer in batch], done))

    def _round(self, asks: list[Ask]) -> list[Found | Exception]:
        found = self._read_all(asks)
        if len(found) != len(asks):
            raise ValueError(f"{len(found)} answers to {len(asks)} asks")
        return found

    def _drop_those_who_went(self) -> None:
        self._waiting = [(ask, answer) for ask, answer in self._waiting if not answer.done()]

    def _ended(self, answers: "list[asyncio.Future[Found]]", done: "asyncio.Future[list[Found | Exception]]") -> None:
        self._busy -= 1
        error = done.exception()
        found = done.result() if error is None else [error] * len(answers)
        for answer, one in zip(answers, found, strict=True):
            if answer.done():
                continue
            if isinstance(one, BaseException):
                answer.set_exception(one)
            else:
                answer.set_result(one)
        self._start()
