"""A disk for recordings that can be full: a small tmpfs where we may mount one, else a launcher that says ENOSPC."""

import ctypes
import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.faults.seams import replace

FULL = "disk-full"  # a file of this name in VAR_DIR: the launcher then refuses to write
FILLER = "filler"
BLOCK = bytes(64 * 1024)
RECORDING_BYTES = 600_000  # the largest recording, roughly
CLONE_NEWNS, MS_REC, MS_PRIVATE, MNT_DETACH = 0x00020000, 0x4000, 1 << 18, 2


class Disk:
    """The folder `audio` of `var_dir`. To be made before any thread exists: it enters a mount namespace of its own."""

    def __init__(self, var_dir: Path, recordings: int) -> None:
        self._var_dir, self.audio = var_dir, var_dir / "audio"
        self.audio.mkdir()
        self.mounted = self._mount(size_mb=64 + 2 * recordings * RECORDING_BYTES // 1024**2)

    def _mount(self, size_mb: int) -> bool:
        """The mount is seen by us and our children alone, and goes when the last of us does."""
        libc = ctypes.CDLL(None, use_errno=True)
        if os.geteuid() != 0 or libc.unshare(CLONE_NEWNS) != 0:
            return False
        if libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0:
            return False
        options = f"size={size_mb}m,mode=0711".encode()
        return bool(libc.mount(b"tmpfs", os.fsencode(self.audio), b"tmpfs", 0, options) == 0)

    def remove(self) -> None:
        """Unmount it, so that its folder can be deleted."""
        if self.mounted:
            ctypes.CDLL(None).umount2(os.fsencode(self.audio), MNT_DETACH)

    def full(self, seconds: float) -> None:
        """No byte fits any more, for this long."""
        filler = (self.audio if self.mounted else self._var_dir) / (FILLER if self.mounted else FULL)
        try:
            if not self.mounted:
                filler.touch()
                time.sleep(seconds)
                return
            until = time.monotonic() + seconds
            with filler.open("ab", buffering=0) as file:
                while time.monotonic() < until:  # again and again: what a failed upload leaves must not help the next
                    try:
                        file.write(BLOCK)
                    except OSError as error:
                        if error.errno != errno.ENOSPC:
                            raise
                        time.sleep(0.02)
        finally:
            with suppress(FileNotFoundError):
                filler.unlink()


def install() -> None:
    """For the web process: have the store refuse to write while the file FULL exists."""
    full = Path(os.environ["VAR_DIR"]) / FULL

    def refusing(function: Callable[..., Any]) -> Callable[..., Any]:
        def write(writer: Any, data: bytes) -> None:
            if full.exists():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            function(writer, data)

        return write

    replace("store.audio.local:LocalAudioWriter.write", refusing)
