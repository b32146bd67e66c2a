"""The four verbs of an audio store: write, read, delete, list. Names are ours, never the file's."""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

PREFIX = "audio-uploads"
KNOWN_SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".webm", ".weba", ".mp4", ".mov", ".mkv"}
)


class AudioNotFound(LookupError):
    """The recording is not in the audio store."""


@dataclass(frozen=True)
class StoredAudio:
    """A recording that was written, read back and found the same."""

    uri: str
    size_bytes: int
    sha256: str


class AudioWriter(Protocol):
    """A recording on its way in. Nothing is visible to readers until `finish`."""

    size_bytes: int

    def write(self, data: bytes) -> None: ...

    def finish(self) -> StoredAudio:
        """Make it durable and verify size and checksum; OSError when it did not arrive whole."""
        ...


class AudioStore(Protocol):
    """Where recordings lie. Every verb raises OSError when the store cannot be reached or is full."""

    def write(self, key: str) -> AbstractContextManager[AudioWriter]:
        """A writer for a new object; leaving without `finish` leaves nothing behind."""
        ...

    def read(self, uri: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to `end` (exclusive; None: to the end) in blocks; AudioNotFound."""
        ...

    def delete(self, uri: str) -> None:
        """Remove the recording; nothing happens when it is gone already."""
        ...

    def list(self) -> Iterator[tuple[str, datetime]]:
        """Every recording's URI and the time it was written (UTC), finished or not."""
        ...

    def local_path(self, uri: str) -> Path | None:
        """The file itself where the store is a folder of this machine; else None."""
        ...


def object_key(owner: str, session_id: uuid.UUID, filename: str) -> str:
    """`audio-uploads/{owner}/{session id}.{ext}`: of the file's own name only a known suffix is kept."""
    suffix = PurePosixPath(filename.lower()).suffix
    return f"{PREFIX}/{owner}/{session_id}{suffix if suffix in KNOWN_SUFFIXES else '.audio'}"


@contextmanager
def on_disk(store: AudioStore, uri: str, folder: Path) -> Iterator[Path]:
    """The recording as a file for the time of the block: the store's own, or a copy in `folder`."""
    own = store.local_path(uri)
    if own is not None:
        yield own
        return
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"fetched-{uuid.uuid4()}{PurePosixPath(uri).suffix}"
    try:
        with copy.open("wb") as target:
            for block in store.read(uri):
                target.write(block)
        yield copy
    finally:
        copy.unlink(missing_ok=True)
