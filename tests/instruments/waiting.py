"""Waiting for a condition instead of for a time: the tests' only wait."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], within_sec: float = 30.0, every_sec: float = 0.05) -> T:
    """What `condition` returns once it is true; AssertionError, naming it, when it never is."""
    deadline = time.monotonic() + within_sec
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"{getattr(condition, '__qualname__', condition)} never came true"
        time.sleep(every_sec)
