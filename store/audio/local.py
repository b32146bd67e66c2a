"""Recordings in a folder of this machine: the default store."""

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from store.audio.protocol import AudioNotFound, StoredAudio

SCHEME = "local://"
BLOCK_BYTES = 256 * 1024
PART = ".part-"


class LocalAudioStore:
    """Objects are files below `folder`; a half-written one has another name until it is whole and on the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def write(self, key: str) -> Iterator["LocalAudioWriter"]:
        path = self._path(SCHEME + key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{PART}{uuid.uuid4()}")
        writer = LocalAudioWriter(SCHEME + key, part, path)
        try:
            yield writer
        finally:
            writer.close()
            part.unlink(missing_ok=True)

    def read(self, uri: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        try:
            source = self._path(uri).open("rb")
        except FileNotFoundError:
            raise AudioNotFound(uri) from None
        return _blocks(source, start, end)

    def delete(self, uri: str) -> None:
        with suppress(AudioNotFound):
            self._path(uri).unlink(missing_ok=True)

    def list(self) -> Iterator[tuple[str, datetime]]:
        for path in self._folder.rglob("*"):
            try:
                if path.is_file():
                    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield SCHEME + path.relative_to(self._folder).as_posix(), written
            except FileNotFoundError:
                continue  # finished or deleted since the folder was read

    def local_path(self, uri: str) -> Path | None:
        path = self._path(uri)
        if not path.is_file():
            raise AudioNotFound(uri)
        return path

    def check(self) -> None:
        with self.write("ready-check") as writer:
            writer.write(b"left unfinished, so nothing stays behind")

    def link(self, uri: str, **_: object) -> str | None:
        self._path(uri)
        return None

    def _path(self, uri: str) -> Path:
        if not uri.startswith(SCHEME):
            raise AudioNotFound(f"{uri} is not in the local audio store.")
        path = (self._folder / uri.removeprefix(SCHEME)).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise AudioNotFound(f"{uri} lies outside the audio store.")
        return path


class LocalAudioWriter:
    """Writes beside the final name, then flushes to the disk, reads back, compares and renames."""

    def __init__(self, uri: str, part: Path, path: Path) -> None:
        self.size_bytes = 0
        self._uri, self._part, self._path_final = uri, part, path
        self._digest = hashlib.sha256()
        self._file = part.open("wb")

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self.size_bytes += len(data)

    def finish(self) -> StoredAudio:
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()
        with self._part.open("rb") as written:
            stored = hashlib.file_digest(written, "sha256")
        if stored.digest() != self._digest.digest() or self._part.stat().st_size != self.size_bytes:
            raise OSError(f"{self._uri} was not stored as it was sent.")
        os.link(self._part, self._path_final)  # unlike a rename, refuses to replace another recording
        try:
            self._keep_name()
        except OSError:
            self._path_final.unlink(missing_ok=True)
            raise
        return StoredAudio(self._uri, self.size_bytes, stored.hexdigest())

    def _keep_name(self) -> None:
        """The name too must survive a power cut."""
        folder = os.open(self._path_final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        self._file.close()


def _blocks(source: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    with source:
        source.seek(start)
        left = None if end is None else end - start
        while left is None or left > 0:
            block = source.read(BLOCK_BYTES if left is None else min(BLOCK_BYTES, left))
            if not block:
                return
            left = None if left is None else left - len(block)
            yield block
