"""The recording itself, in ranges, so that a player can jump."""

import re
import uuid
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from api.people import Caller
from api.problems import ApiProblem, documented, removed, unknown_session
from jobs.policy import on_behalf_of, scope_of
from jobs.transcript_formats import disposition
from store import audit, session_queries
from store.audio import audio_store
from store.audit import Action

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"])
TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".aac": "audio/aac",
    ".mkv": "audio/x-matroska",
    **dict.fromkeys((".m4a", ".mp4", ".mov"), "audio/mp4"),
    **dict.fromkeys((".ogg", ".oga", ".opus"), "audio/ogg"),
    **dict.fromkeys((".webm", ".weba"), "audio/webm"),
}
SAME = timedelta(minutes=10)  # a player asks range by range, which is one listening
UNKNOWN_TYPE = "application/octet-stream"
ONE_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")
CONTENT = {
    media_type: {"schema": {"type": "string", "format": "binary"}}
    for media_type in sorted({*TYPES.values(), UNKNOWN_TYPE})
}
RANGE_HEADERS: dict[str, Any] = {"Content-Range": {"description": "`bytes 0-99/1234`", "schema": {"type": "string"}}}


@router.head("/{session_id:uuid}/audio", include_in_schema=False)
@router.get(
    "/{session_id:uuid}/audio",
    summary="Its recording",
    response_class=Response,
    responses={
        200: {"content": CONTENT},
        206: {"description": "The range that was asked for", "content": CONTENT, "headers": RANGE_HEADERS},
        304: {"description": "It has not changed"},
        **documented(404, 410, 416, 422, 503),
    },
)
def audio(
    request: Request,
    session_id: uuid.UUID,
    person: Caller,
    wanted: Annotated[str | None, Header(alias="Range", examples=["bytes=0-65535"])] = None,
    if_range: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One range a request; several, or a malformed one, answer with the whole recording, as HTTP allows."""
    with on_behalf_of(person) as db:
        record = session_queries.by_id(db, session_id, owner=scope_of(person))
        if record is not None and record.audio_deleted_at is None and request.method == "GET":
            audit.record(db, Action.OPENED, person.actor, session_id=session_id, detail="recording", once_in=SAME)
    if record is None:
        raise unknown_session()
    if record.audio_deleted_at is not None:
        raise removed("recording", record.audio_deleted_at)
    size, etag = record.audio_size_bytes, f'"{record.audio_sha256}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": "private, no-cache",  # ask again, since a deleted session must be gone
        "Content-Disposition": disposition(record.audio_filename, "inline"),
    }
    if if_none_match == etag:
        return Response(status_code=304, headers=headers)
    part = None if if_range not in {None, etag} else chosen_range(wanted, size)
    start, end = part or (0, size)
    headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    media_type = TYPES.get(PurePosixPath(record.audio_uri).suffix, UNKNOWN_TYPE)
    blocks = audio_store().read(record.audio_uri, start, end if request.method == "GET" else start)
    return StreamingResponse(blocks, 206 if part else 200, headers=headers, media_type=media_type)


def chosen_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last, or None for the whole; an ApiProblem (416) when nothing is there."""
    match = ONE_RANGE.fullmatch((header or "").strip())
    if match is None:
        return None
    first, last, tail = match.groups()
    if tail is not None:
        start, end = max(size - int(tail), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
    if start >= size:
        raise ApiProblem(
            416, "range-not-there", "The recording is shorter than that.", headers={"Content-Range": f"bytes */{size}"}
        )
    return start, end
