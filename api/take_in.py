"""An upload on its way in: from the socket to the audio store in pieces, so that memory stays flat."""

import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Final, TypeVar

from anyio import CancelScope, CapacityLimiter, fail_after
from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from api.multipart import Event, MultipartStream, PartBegins, PartData, PartEnds, broken
from api.problems import ApiProblem, FieldProblem
from jobs.errors import EmptyFile
from jobs.submit import check_size, examine
from store import intake, session_queries
from store.audio import AudioWriter, StoredAudio, audio_store, object_key
from store.database import database_now, transaction
from store.intake import Recording
from store.settings import settings

BLOCK_BYTES = 1024 * 1024  # what is gathered before a thread is asked to write it
LONGEST_FIELD_BYTES = 4096
ENVELOPE_BYTES = 256 * 1024  # what a form may hold beside the file
IDLE_SEC = 120.0  # a client that sends nothing for so long is gone
AT_ONCE: Final = 4  # recordings that are verified and probed at the same time
log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Fields = dict[str, str]
_limiter = CapacityLimiter(AT_ONCE)


async def take_in(
    request: Request, *, owner: str, check: Callable[[Fields], object], then: Callable[[Recording, Fields], Answer]
) -> Answer:
    """Store, verify and probe the recording in this request, and answer what `then` makes of it.

    `check` is called with the text fields before the file is stored and again at the end; what it raises ends the
    upload. `then` runs in a thread. Whatever fails, nothing of the upload is left behind.
    """
    form = MultipartStream(request.headers.get("content-type", ""))
    most_bytes = settings().max_upload_bytes + ENVELOPE_BYTES
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most_bytes:
        check_size(int(announced))
    await run_sync(_database_answers)  # rather now than after two gigabytes
    incoming = _Incoming(owner, check)
    try:
        received = 0
        async for piece in _pieces(request):
            received += len(piece)
            if received > most_bytes:
                check_size(received)
            for event in form.feed(piece):
                await incoming.handle(event)
        if not form.complete:
            raise broken("It stopped before its end.")
        writer = incoming.finished()
        return await run_sync(lambda: _settle(writer, incoming, then), limiter=_limiter)
    finally:
        await incoming.close()


class _Incoming:
    """The form so far: its text fields, and the file on its way into the audio store."""

    def __init__(self, owner: str, check: Callable[[Fields], object]) -> None:
        self.session_id = uuid.uuid4()
        self.begun_sec = time.monotonic()
        self.owner, self.filename = owner, ""
        self.fields: Fields = {}
        self._check = check
        self._part: PartBegins | None = None
        self._buffer = bytearray()
        self._object: AbstractContextManager[AudioWriter] | None = None
        self._writer: AudioWriter | None = None

    async def handle(self, event: Event) -> None:
        match event:
            case PartBegins():
                self._part = event
                if event.name == "file":
                    await self._open(event.filename or "recording")
                elif event.filename is not None or event.name in self.fields:
                    raise wrong_part(event.name)
            case PartData(data):
                self._buffer += data
                if self._in_file:
                    await self._write(BLOCK_BYTES)
                elif len(self._buffer) > LONGEST_FIELD_BYTES:
                    raise wrong_part(self._part.name if self._part else "", "This field is too long.")
            case PartEnds():
                if self._in_file:
                    await self._write(1)
                elif self._part is not None:
                    self.fields[self._part.name] = self._buffer.decode("utf-8", "replace")
                self._buffer.clear()
                self._part = None

    def finished(self) -> AudioWriter:
        """The writer with the whole file in it, once the form is complete."""
        if self._writer is None:
            raise wrong_part("file", "The form holds no file. Send the recording in a part called `file`.")
        self._check(self.fields)
        if self._writer.size_bytes == 0:
            raise EmptyFile
        return self._writer

    async def close(self) -> None:
        """Leave nothing of an unfinished file, also when the request is being cancelled."""
        if self._object is not None:
            with CancelScope(shield=True):
                await run_sync(self._object.__exit__, None, None, None)

    @property
    def _in_file(self) -> bool:
        return self._part is not None and self._part.name == "file"

    async def _open(self, filename: str) -> None:
        if self._writer is not None:
            raise wrong_part("file", "Send one recording a request.")
        self._check(self.fields)
        self.filename = filename
        target = audio_store().write(object_key(self.owner, self.session_id, filename))
        self._writer = await run_sync(target.__enter__)
        self._object = target

    async def _write(self, at_least: int) -> None:
        assert self._writer is not None
        check_size(self._writer.size_bytes + len(self._buffer))
        if len(self._buffer) >= at_least:
            block = bytes(self._buffer)
            self._buffer.clear()
            await run_sync(self._writer.write, block)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            with fail_after(IDLE_SEC):
                piece = await anext(stream, None)
        except TimeoutError:
            raise ApiProblem(
                408, "upload-too-slow", f"Nothing arrived for {IDLE_SEC:.0f} seconds, so this upload was given up."
            ) from None
        if piece is None:
            return
        yield piece


def _settle(writer: AudioWriter, incoming: _Incoming, then: Callable[[Recording, Fields], Answer]) -> Answer:
    stored = writer.finish()
    try:
        recording = examine(stored, session_id=incoming.session_id, owner=incoming.owner, filename=incoming.filename)
        upload_sec = time.monotonic() - incoming.begun_sec
        return then(replace(recording, upload_sec=upload_sec), incoming.fields)
    except BaseException:
        _delete_unless_kept(stored, incoming)
        raise


def _delete_unless_kept(stored: StoredAudio, incoming: _Incoming) -> None:
    """Remove the audio of a failed upload, but not when an unclear COMMIT has kept it after all."""
    try:
        with transaction() as db:
            kept = session_queries.by_id(db, incoming.session_id) or intake.find_upload(
                db, incoming.session_id, owner=incoming.owner
            )
        if kept is None:
            audio_store().delete(stored.uri)
    except (SQLAlchemyError, OSError) as error:
        log.warning("%s may be left for the reconciler to sweep: %s", stored.uri, error)


def _database_answers() -> None:
    with transaction() as db:
        database_now(db)


def wrong_part(name: str, detail: str = "This part is not expected, or came twice.") -> ApiProblem:
    return ApiProblem(
        422,
        "invalid-request",
        "Part of this request was not understood.",
        detail,
        errors=[FieldProblem(detail=detail, pointer=f"#/{name[:100]}")],
    )
