"""Recordings in a bucket of Google Cloud Storage: the store of several machines."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import google_crc32c
from google.api_core.exceptions import NotFound
from google.cloud import storage  # type: ignore[attr-defined]  # it publishes no types

from store.audio.google_client import Clients, Patience, reaching
from store.audio.google_signing import Signing
from store.audio.google_upload import GoogleAudioWriter
from store.audio.protocol import PREFIX, AudioNotFound, AudioStoreRefused

SCHEME = "gs://"
FETCHED_BYTES = 2 * 1024 * 1024  # asked for at a time: a player that jumps away has paid for no more
BLOCK_BYTES = 256 * 1024
RIGHTS = frozenset(f"storage.objects.{verb}" for verb in ("create", "get", "delete", "list"))
READY_PATIENCE = Patience(connect_sec=2.0, silence_sec=2.0)


class GoogleAudioStore:
    """Objects below `audio-uploads/` in one bucket. What else the bucket holds is neither read, listed nor deleted."""

    def __init__(self, bucket: str, patience: Patience | None = None) -> None:
        self._bucket_name = bucket
        self._patience = patience or Patience()
        self._clients, self._signing = Clients(), Signing()

    @contextmanager
    def write(self, key: str) -> Iterator[GoogleAudioWriter]:
        uri = f"{SCHEME}{self._bucket_name}/{key}"
        with reaching(self._place):
            blob = self._blob(uri)
        writer = GoogleAudioWriter(blob, uri, self._patience)
        try:
            yield writer
        finally:
            writer.close()

    def read(self, uri: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        with reaching(self._place):
            blob = self._blob(uri)
            with self._missing_as_not_found(uri):
                blob.reload(timeout=self._patience.timeout, retry=self._patience.retry)
            pinned = self._bucket().blob(blob.name, generation=blob.generation)
        size = int(blob.size or 0)
        return self._blocks(uri, pinned, start, size if end is None else min(end, size), size, blob.crc32c)

    def delete(self, uri: str) -> None:
        with reaching(self._place):
            try:
                blob = self._blob(uri)
                with self._missing_as_not_found(uri):
                    blob.delete(timeout=self._patience.timeout, retry=self._patience.retry)
            except AudioNotFound:
                return

    def list(self) -> Iterator[tuple[str, datetime]]:
        with reaching(self._place):
            found = self._client().list_blobs(
                self._bucket_name,
                prefix=f"{PREFIX}/",
                fields="items(name,timeCreated),nextPageToken",
                timeout=self._patience.timeout,
                retry=self._patience.retry,
            )
            pages = iter(found.pages)
        while True:
            with reaching(self._place):
                page = next(pages, None)
            if page is None:
                return
            for blob in page:
                yield f"{SCHEME}{self._bucket_name}/{blob.name}", blob.time_created

    def local_path(self, uri: str) -> Path | None:  # noqa: ARG002  a bucket has no files
        return None

    def check(self) -> None:
        """One call, never repeated: who asks whether the store is ready asks again."""
        with reaching(self._place):
            granted = self._bucket().test_iam_permissions(sorted(RIGHTS), timeout=READY_PATIENCE.timeout, retry=None)
        if missing := RIGHTS - set(granted):
            raise AudioStoreRefused(f"{self._place} does not grant this desk {', '.join(sorted(missing))}.")

    def link(self, uri: str, *, seconds: int, media_type: str, disposition: str) -> str | None:
        with reaching(self._place):
            blob = self._blob(uri)
        return self._signing.link(blob, seconds=seconds, media_type=media_type, disposition=disposition)

    def _blocks(
        self, uri: str, blob: storage.Blob, start: int, end: int, size: int, crc32c: str | None
    ) -> Iterator[bytes]:
        """One generation's bytes, so that two recordings are never mixed; a whole one is compared with its checksum."""
        checksum = google_crc32c.Checksum()
        for at in range(start, end, FETCHED_BYTES):
            last = min(at + FETCHED_BYTES, end) - 1
            with reaching(self._place), self._missing_as_not_found(uri):
                fetched = blob.download_as_bytes(
                    start=at,
                    end=last,
                    raw_download=True,
                    checksum=None,  # the store has one for the whole only
                    timeout=self._patience.timeout,
                    retry=self._patience.retry,
                )
            if len(fetched) != last + 1 - at:
                raise OSError(f"{uri} was not read whole: {len(fetched)} bytes came instead of {last + 1 - at}.")
            checksum.update(fetched)
            for begin in range(0, len(fetched), BLOCK_BYTES):
                yield fetched[begin : begin + BLOCK_BYTES]
        if start == 0 and end == size and base64.b64encode(checksum.digest()).decode("ascii") != crc32c:
            raise OSError(f"{uri} was not read as it is stored.")

    @contextmanager
    def _missing_as_not_found(self, uri: str) -> Iterator[None]:
        """AudioNotFound for a 404 of the object; a 404 of the bucket stays one, since then no recording is gone."""
        try:
            yield
        except NotFound:
            next(
                iter(
                    self._client().list_blobs(
                        self._bucket_name, max_results=1, timeout=self._patience.timeout, retry=self._patience.retry
                    )
                ),
                None,
            )
            raise AudioNotFound(uri) from None

    def _blob(self, uri: str) -> storage.Blob:
        own = f"{SCHEME}{self._bucket_name}/"
        if not uri.startswith(f"{own}{PREFIX}/"):
            raise AudioNotFound(f"{uri} is not in the audio store of the bucket {self._bucket_name}.")
        return self._bucket().blob(uri.removeprefix(own))

    def _bucket(self) -> storage.Bucket:
        return self._client().bucket(self._bucket_name)

    def _client(self) -> storage.Client:
        return self._clients.client()

    @property
    def _place(self) -> str:
        return f"The bucket {self._bucket_name}"
