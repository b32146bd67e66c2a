"""Has the kernel tell whether any process opened or read a file: Linux's inotify."""

import ctypes
import os
from pathlib import Path
from types import TracebackType

IN_ACCESS, IN_OPEN = 0x001, 0x020  # linux/inotify.h


class Openings:
    """Between entering and leaving, `seen()` says whether anyone opened one of these files."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths

    def __enter__(self) -> "Openings":
        libc = ctypes.CDLL(None, use_errno=True)
        self._watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for path in self._paths:
            if libc.inotify_add_watch(self._watch, os.fsencode(path), IN_ACCESS | IN_OPEN) < 0:
                raise OSError(ctypes.get_errno(), "inotify cannot watch", str(path))
        return self

    def seen(self) -> bool:
        """Whether one was opened since the last time."""
        try:
            return bool(os.read(self._watch, 65_536))
        except BlockingIOError:
            return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._watch)
