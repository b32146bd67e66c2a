"""What everybody shares for less than a second: read once, not too old, out on a change."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from jobs.shared import KEEP_SEC, Shared
from store import changes


def test_it_is_read_again_when_it_is_old_and_when_something_was_changed() -> None:
    now, read = [5.0], []
    shared = Shared[str, int](lambda key: read.append(key) or len(read), clock=lambda: now[0])  # type: ignore[func-returns-value]
    assert [shared.get("a").facts, shared.get("a").facts, shared.get("b").facts] == [1, 1, 2]
    now[0] += KEEP_SEC + 0.01
    assert shared.get("a").facts == 3
    assert shared.get("a").since_sec == now[0]
    changes.tell()
    assert shared.get("a").facts == 4


def test_threads_that_ask_at_once_have_it_read_once() -> None:
    go, all_asked, read = Event(), Barrier(5), []

    def reading(_key: str) -> int:
        read.append(1)
        go.wait()
        return 7

    shared = Shared[str, int](reading)

    def ask() -> int:
        all_asked.wait()
        return shared.get("a").facts

    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(ask) for _ in range(4)]
        all_asked.wait()
        go.set()
        assert [one.result() for one in asked] == [7] * 4
    assert len(read) == 1


def test_an_error_is_not_kept() -> None:
    outcomes = iter([LookupError(), 3])

    def reading(_key: str) -> int:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    shared = Shared[str, int](reading)
    with pytest.raises(LookupError):
        shared.get("a")
    assert shared.get("a").facts == 3
