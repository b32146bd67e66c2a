"""Recordings as files: the store's own, or a copy on this machine for as long as it is needed."""

import fcntl
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from store.audio.protocol import AudioStore

COPY = "fetched-"


@contextmanager
def on_disk(store: AudioStore, uri: str, folder: Path) -> Iterator[Path]:
    """The recording as a file for the time of the block: the store's own, or a copy in `folder`."""
    own = store.local_path(uri)
    if own is not None:
        yield own
        return
    blocks = store.read(uri)
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{COPY}{uuid.uuid4()}{PurePosixPath(uri).suffix}"
    try:
        with copy.open("wb") as target:
            fcntl.flock(target, fcntl.LOCK_SH)  # in use: the system lets go of it however this process ends
            for block in blocks:
                target.write(block)
            target.flush()
            yield copy
    finally:
        copy.unlink(missing_ok=True)


def sweep_copies(folder: Path, older_than_sec: float) -> int:
    """Remove copies that a killed process has left in `folder`, none that is in use; how many."""
    swept = 0
    for copy in folder.glob(f"{COPY}*"):
        try:
            with copy.open("rb") as found:
                if time.time() - copy.stat().st_mtime > older_than_sec:
                    fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    copy.unlink()
                    swept += 1
        except (BlockingIOError, FileNotFoundError):
            continue  # in use, or gone since the folder was read
    return swept
