"""Recognising processes that a work-horse keeps between its sessions: forking them costs as much as a second of speech.

They stand ready while all goes well. When a session ends otherwise than it should, they end with it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from jobs.engines import registry
from jobs.engines.protocol import Recogniser


class Standing:
    """The recogniser of one engine at a time, with the number of its processes."""

    def __init__(self, before_fork: Callable[[], None]) -> None:
        """`before_fork` lets go of what the processes must not inherit."""
        self._before_fork = before_fork
        self._stack = ExitStack()
        self._engine = ""
        self._processes = 0
        self._recogniser: Recogniser | None = None

    @property
    def is_ready(self) -> bool:
        """Whether processes stand ready for the next session."""
        return self._recogniser is not None

    @contextmanager
    def recogniser(self, engine: str, processes: int) -> Iterator[Recogniser]:
        """As `InProcessEngine.recogniser`, with at least so many processes; they stay unless the block raises."""
        found = self._recogniser
        if found is None or not found.is_alive() or self._engine != engine or self._processes < processes:
            self.dismiss()
            self._before_fork()
            found = self._stack.enter_context(registry.in_process(engine).recogniser(processes))
            self._engine, self._processes, self._recogniser = engine, processes, found
        try:
            yield found
        except BaseException:
            self._recogniser = None
            self._stack.__exit__(*sys.exc_info())  # they are killed, not asked
            raise

    def dismiss(self) -> None:
        """End them, if there are any."""
        self._recogniser = None
        self._stack.close()
