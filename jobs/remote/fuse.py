"""Ends a process that stands still while it submits: what it would send when it goes on may have been sent by another.

The kernel delivers the alarm before a process that was frozen runs another line of its own. A machine that is suspended
as a whole has no clock that tells it; for this there is the comparison of clocks before the submission.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def fuse(seconds: float) -> Iterator[None]:
    """This process is killed (SIGALRM) when the block takes longer, frozen or not.

    For the main thread, where a work-horse does its work; in another one nothing is guarded.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    begun = time.monotonic()
    before = signal.signal(signal.SIGALRM, signal.SIG_DFL)
    left_sec, every_sec = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left_sec:  # somebody else's alarm, as that of a test's time limit
            signal.setitimer(signal.ITIMER_REAL, max(left_sec - (time.monotonic() - begun), 0.001), every_sec)
