"""Recordings sent to the API over HTTP, as a client sends them."""

import http.client
import json
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

BLOCK_BYTES = 1024 * 1024
BOUNDARY = b"bench-0123456789"
PATIENCE_SEC = 600.0


def upload(port: int, recording: Path, **fields: str) -> uuid.UUID:
    """The session that the API has made of this file once it is safe; `fields` are others of the form."""

    def blocks() -> Iterator[bytes]:
        with recording.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block

    return upload_blocks(port, recording.name, blocks(), recording.stat().st_size, **fields)


def upload_blocks(port: int, name: str, blocks: Iterable[bytes], size_bytes: int, **fields: str) -> uuid.UUID:
    """The same with a recording that is made while it is sent."""
    before = b"".join(_part(f'name="{field}"', value.encode() + b"\r\n") for field, value in fields.items())
    before += _part(f'name="file"; filename="{name}"', b"")
    after = b"\r\n--" + BOUNDARY + b"--\r\n"

    def body() -> Iterator[bytes]:
        yield before
        yield from blocks
        yield after

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SEC)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}",
        "Content-Length": str(len(before) + size_bytes + len(after)),
    }
    connection.request("POST", "/api/v1/sessions", body(), headers)
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    if answer.status != 201:
        raise RuntimeError(f"The upload was answered {answer.status}: {told.decode()}")
    return uuid.UUID(json.loads(told)["session_id"])


def _part(disposition: str, content: bytes) -> bytes:
    return b"--" + BOUNDARY + f"\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content
