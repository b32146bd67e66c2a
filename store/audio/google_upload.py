"""One recording on its way into a bucket: a resumable upload in pieces, with a memory of one piece.

The client library opens the upload; the pieces are sent here, since its own writer can neither cancel an upload nor
go on when the store kept only a part of a piece.
https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import base64
import hashlib
import logging
import re
import uuid
from contextlib import suppress
from typing import Any

import google_crc32c
import requests
from google.api_core.exceptions import NotFound, PreconditionFailed, from_http_response
from google.cloud import storage  # type: ignore[attr-defined]  # it publishes no types

from store.audio.google_client import Patience, reaching
from store.audio.protocol import StoredAudio

PIECE_BYTES = 8 * 1024 * 1024  # a multiple of 256 KiB, as the store asks
KEPT = re.compile(r"bytes=0-(\d+)")
OWNER = "upload"  # metadata by which an object is known to be of this upload and no other
log = logging.getLogger(__name__)


class _KeptInPart(ConnectionError):
    """The store has only a part of the piece: send the rest."""


class GoogleAudioWriter:
    """Sends pieces as they fill. Whether an unheard answer was a yes is asked, never guessed."""

    def __init__(self, blob: storage.Blob, uri: str, patience: Patience) -> None:
        self.size_bytes = 0
        self._blob, self._uri, self._patience = blob, uri, patience
        self._sha256, self._crc32c = hashlib.sha256(), google_crc32c.Checksum()
        self._buffer = bytearray()
        self._kept_bytes = 0  # what the store is known to have
        self._unsure = False
        self._upload_id = str(uuid.uuid4())
        self._stored, self._finishing = False, False
        blob.metadata = {OWNER: self._upload_id}
        with reaching(f"The bucket {blob.bucket.name}"):
            self._address = blob.create_resumable_upload_session(
                if_generation_match=0,  # never replaces another recording
                checksum=None,  # compared by `finish`
                timeout=patience.timeout,
                retry=patience.retry,
            )
        self._wire = requests.Session()  # the address itself is the permission

    def write(self, data: bytes) -> None:
        self._sha256.update(data)
        self._crc32c.update(data)
        self.size_bytes += len(data)
        self._buffer += data
        while len(self._buffer) > PIECE_BYTES:  # the last piece ends the upload, so one is always held back
            with reaching(self._uri):
                self._send(bytes(self._buffer[:PIECE_BYTES]))
            del self._buffer[:PIECE_BYTES]

    def finish(self) -> StoredAudio:
        self._finishing = True
        try:
            with reaching(self._uri):
                facts = self._send(bytes(self._buffer), last=True)
        except OSError as error:
            facts = self._found()  # an answer that was lost may have been a yes
            if facts is None:
                if isinstance(error.__cause__, PreconditionFailed):
                    raise FileExistsError(f"{self._uri} is there already and is not replaced.") from error
                raise
        checksum = base64.b64encode(self._crc32c.digest()).decode("ascii")
        if facts is None or int(facts["size"]) != self.size_bytes or facts.get("crc32c") != checksum:
            raise OSError(f"{self._uri} was not stored as it was sent.")  # `close` removes it
        self._stored = True
        return StoredAudio(self._uri, self.size_bytes, self._sha256.hexdigest())

    def close(self) -> None:
        """Leave nothing of an upload that was not finished; what cannot be removed now is swept later."""
        try:
            if not self._stored:
                self._wire.delete(self._address, timeout=self._patience.timeout)
                facts = self._found() if self._finishing else None
                if facts is not None:
                    self._remove(int(facts["generation"]))
        except OSError as error:
            log.warning("%s may be left for the reconciler to sweep: %s", self._uri, error)
        finally:
            self._wire.close()

    def _send(self, piece: bytes, *, last: bool = False) -> dict[str, Any] | None:
        """The facts of the object after the last piece; None before."""
        begin = self._kept_bytes
        end = begin + len(piece)
        total = str(end) if last else "*"

        def attempt() -> dict[str, Any] | None:
            rest = b"" if self._unsure else piece[self._kept_bytes - begin :]
            if self._unsure:
                said = "bytes */*"  # how far has it come?
            elif rest:
                said = f"bytes {self._kept_bytes}-{end - 1}/{total}"
            else:
                said = f"bytes */{total}"
            self._unsure = True
            answer = self._put(rest, said)
            if answer.status_code in {200, 201}:
                return dict(answer.json())
            if answer.status_code in {404, 410}:
                raise OSError(f"The upload of {self._uri} was ended by the store.")
            if answer.status_code != 308:
                raise from_http_response(answer)
            self._unsure = False
            kept = KEPT.fullmatch(answer.headers.get("Range", ""))
            self._kept_bytes = int(kept[1]) + 1 if kept else 0
            if not begin <= self._kept_bytes <= end:
                raise OSError(f"The upload of {self._uri} stands at byte {self._kept_bytes}, not {begin} to {end}.")
            if last or self._kept_bytes < end:
                raise _KeptInPart(f"{self._kept_bytes} of {end} bytes have arrived.")
            return None

        facts: dict[str, Any] | None = self._patience.retry(attempt)()
        return facts

    def _put(self, data: bytes, content_range: str) -> requests.Response:
        return self._wire.put(
            self._address,
            data=data,
            headers={"Content-Range": content_range},
            timeout=self._patience.timeout,
            allow_redirects=False,  # 308 means here that more is awaited
        )

    def _found(self) -> dict[str, Any] | None:
        """The facts of the object, when there is one and it is of this upload."""
        with reaching(self._uri):
            found = self._blob.bucket.get_blob(
                self._blob.name, timeout=self._patience.timeout, retry=self._patience.retry
            )
        if found is None or (found.metadata or {}).get(OWNER) != self._upload_id:
            return None
        return {"size": found.size, "crc32c": found.crc32c, "generation": found.generation}

    def _remove(self, generation: int) -> None:
        with reaching(self._uri), suppress(NotFound):
            self._blob.bucket.blob(self._blob.name, generation=generation).delete(
                timeout=self._patience.timeout, retry=self._patience.retry
            )
