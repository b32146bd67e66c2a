"""The objects of Cloud Storage that the server reads and writes, and the sound in them."""

import io
from pathlib import Path
from typing import Protocol

import av
import numpy as np
import requests
from av.audio.resampler import AudioResampler
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from jobs.media.pcm import SAMPLE_RATE
from tests.google_cloud.behaviours import number_of

FORMATS = "wav,flac,mp3,ogg,matroska,webm,mov,mp4,m4a,amr"  # what Google recognises by itself
PATIENCE_SEC = 15.0  # with a storage that does not answer; then the file fails
OUT_OF_REACH = (exceptions.GoogleAPIError, requests.RequestException)
RETRY = DEFAULT_RETRY.with_timeout(PATIENCE_SEC)
DENIED = "The service account has no access to this object."


class FileError(Exception):
    """One file of a batch cannot be recognised; `code` is a number of google.rpc."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = number_of(code), message


class Objects(Protocol):
    """Where gs:// leads to."""

    def read(self, uri: str) -> bytes:
        """Raises `FileError`."""

    def write(self, uri: str, content: bytes) -> None:
        """Raises `FileError`."""


class Folder:
    """gs://bucket/key is `folder`/bucket/key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, uri: str) -> bytes:
        try:
            return (self._folder / uri.removeprefix("gs://")).read_bytes()
        except OSError as error:
            raise FileError("NOT_FOUND", f"Audio file not found: {uri}") from error

    def write(self, uri: str, content: bytes) -> None:
        path = self._folder / uri.removeprefix("gs://")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


class CloudStorage:
    """The real client; STORAGE_EMULATOR_HOST says where it goes."""

    def __init__(self, project: str) -> None:
        self._client = storage.Client(project=project, credentials=AnonymousCredentials())

    def read(self, uri: str) -> bytes:
        try:
            content: bytes = self._blob(uri).download_as_bytes(timeout=PATIENCE_SEC, retry=RETRY)
        except exceptions.NotFound as error:
            raise FileError("NOT_FOUND", f"Audio file not found: {uri}") from error
        except exceptions.Forbidden as error:
            raise FileError("PERMISSION_DENIED", DENIED) from error
        except OUT_OF_REACH as error:
            raise FileError("INTERNAL", f"Internal error encountered: {type(error).__name__}.") from error
        return content

    def write(self, uri: str, content: bytes) -> None:
        try:
            self._blob(uri).upload_from_string(
                content, content_type="application/json", timeout=PATIENCE_SEC, retry=RETRY
            )
        except exceptions.Forbidden as error:
            raise FileError("PERMISSION_DENIED", DENIED) from error
        except OUT_OF_REACH as error:
            raise FileError("INTERNAL", f"Internal error encountered: {type(error).__name__}.") from error

    def _blob(self, uri: str) -> storage.Blob:
        bucket, _, key = uri.removeprefix("gs://").partition("/")
        return self._client.bucket(bucket).blob(key)


def channels(content: bytes, *, separate: bool) -> list[bytes]:
    """The sound as `jobs.media.pcm` has it: one piece for all channels mixed, or one a channel.

    Raises `FileError` when it is no audio that Google can read.
    """
    try:
        with av.open(io.BytesIO(content), mode="r", container_options={"format_whitelist": FORMATS}) as container:
            stream = container.streams.audio[0]
            resampler = AudioResampler("s16", None if separate else "mono", SAMPLE_RATE)
            frames = [resampled for frame in container.decode(stream) for resampled in resampler.resample(frame)]
            frames += resampler.resample(None)
            parts = stream.channels if separate else 1
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise FileError("INVALID_ARGUMENT", "Audio data does not appear to be in a supported encoding.") from error
    if not frames:
        raise FileError("INVALID_ARGUMENT", "Audio data is empty.")
    sound = np.concatenate([frame.to_ndarray().reshape(-1, parts) for frame in frames])
    return [np.ascontiguousarray(sound[:, part]).tobytes() for part in range(parts)]
