"""The watchdog kills when the lease has run out, and only then. It never asks the database."""

import threading
import time

from jobs.watchdog import Watchdog

LONG_SEC = 60.0
DEADLINE_SEC = 10.0  # for the test itself


def test_it_kills_when_it_is_not_fed() -> None:
    killed = threading.Event()
    with Watchdog(0.01, kill=killed.set):
        assert killed.wait(DEADLINE_SEC)


def test_a_meal_counts_from_when_the_write_was_begun() -> None:
    """The lease that a write renews began before the answer came: a slow answer must not lengthen it."""
    killed = threading.Event()
    with Watchdog(LONG_SEC, kill=killed.set) as watchdog:
        watchdog.feed(time.monotonic() - LONG_SEC - 1)
        assert killed.wait(DEADLINE_SEC)


def test_a_lost_claim_leaves_only_seconds() -> None:
    killed = threading.Event()
    with Watchdog(LONG_SEC, kill=killed.set) as watchdog:
        watchdog.at_most(0.01)
        assert killed.wait(DEADLINE_SEC)


def test_a_lost_claim_never_lengthens_the_lease() -> None:
    killed = threading.Event()
    with Watchdog(0.01, kill=killed.set) as watchdog:
        watchdog.at_most(LONG_SEC)
        assert killed.wait(DEADLINE_SEC)


def test_it_does_not_kill_while_it_is_fed_nor_after_the_attempt() -> None:
    """Fed once with a whole lease, it has looked several times by the time its thread has ended."""
    killed = threading.Event()
    with Watchdog(0.2, kill=killed.set) as watchdog:
        watchdog.feed(time.monotonic() + LONG_SEC)
        assert not killed.wait(1)  # four looks past the first deadline
    watchdog._thread.join(DEADLINE_SEC)
    assert not watchdog._thread.is_alive()
    assert not killed.is_set()
