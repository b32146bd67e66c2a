"""The verbs of an audio store: write, read, delete, list; and check and link. Names are ours, never the file's."""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
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


class AudioStoreRefused(OSError):
    """The audio store does not let us in: credentials, rights or the bucket are missing. Waiting does not mend it."""


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
    """Where recordings lie. Every verb raises OSError when the store cannot be reached or is full, AudioStoreRefused
    (an OSError too) when it is set up wrongly."""

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

    def check(self) -> None:
        """Cheaply, whether recordings can be stored: raises OSError when not, and leaves nothing behind."""
        ...

    def link(self, uri: str, *, seconds: int, media_type: str, disposition: str) -> str | None:
        """An address at which anybody may read the recording for so many seconds, ranges too; None where the store
        cannot give one. The answer there has this Content-Type and Content-Disposition. AudioNotFound for a URI of
        another store; whether the recording is still there is not looked up."""
        ...


def object_key(owner: str, session_id: uuid.UUID, filename: str) -> str:
    """`audio-uploads/{owner}/{session id}.{ext}`: of the file's own name only a known suffix is kept."""
    suffix = PurePosixPath(filename.lower()).suffix
    return f"{PREFIX}/{owner}/{session_id}{suffix if suffix in KNOWN_SUFFIXES else '.audio'}"
