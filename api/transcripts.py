"""The words of a session, as text, subtitles or JSON."""

import uuid
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.people import Caller
from api.problems import ApiProblem, documented, removed, unknown_session
from jobs import transcript_formats
from jobs.policy import on_behalf_of, scope_of
from jobs.transcript_formats import Format
from store import audit, session_queries, transcript_queries
from store.audit import Action
from store.states import LOOKS, Status

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"])
SAME = timedelta(minutes=10)  # within which the same reader is on record once: programs poll
EXAMPLE = {
    "session_id": "5f0c7a34-8c1e-4a53-9a53-0d6a6f0b2f11",
    "title": "First session with Anna",
    "complete": True,
    "segments": [
        {
            "start_sec": 0.4,
            "end_sec": 2.1,
            "speaker": "Coach",
            "speaker_label": "Speaker 1",
            "confidence": 0.9,
            "text": "How are you today?",
            "words": [],
        }
    ],
}
CONTENT = {
    transcript_formats.MEDIA_TYPES[Format.JSON]: {"schema": {"type": "object"}, "example": EXAMPLE},
    "text/plain": {"schema": {"type": "string"}, "example": "Coach: How are you today?\n"},
    "text/vtt": {"schema": {"type": "string"}},
    "application/x-subrip": {"schema": {"type": "string"}},
}


@router.get(
    "/{session_id:uuid}/transcript",
    summary="Its text",
    response_class=Response,
    responses={200: {"content": CONTENT}, **documented(404, 409, 410, 422, 503)},
)
def transcript(
    session_id: uuid.UUID, person: Caller, wanted: Annotated[Format, Query(alias="format")] = Format.JSON
) -> Response:
    """`json` answers at any time, with the words so far and `complete`; the others once the session is completed."""
    with on_behalf_of(person) as db:
        record = session_queries.by_id(db, session_id, owner=scope_of(person))
        if record is None:
            raise unknown_session()
        if record.transcript_deleted_at is not None:
            raise removed("transcript", record.transcript_deleted_at)
        complete = record.status is Status.COMPLETED
        if not complete and wanted is not Format.JSON:
            raise ApiProblem(
                409,
                "transcript-not-ready",
                "The transcript is not finished.",
                f"This session is {LOOKS[record.status].label.lower()}. The words so far are there as format=json.",
            )
        read = transcript_queries.segments if complete else transcript_queries.segments_so_far
        segments = read(db, session_id)
        action = Action.OPENED if wanted is Format.JSON else Action.DOWNLOADED
        audit.record(db, action, person.actor, session_id=session_id, detail=f"transcript as {wanted}", once_in=SAME)
    text = transcript_formats.write(wanted, segments, session_id=session_id, title=record.title, complete=complete)
    disposition = transcript_formats.content_disposition(record.title, wanted)
    return Response(
        text, media_type=transcript_formats.MEDIA_TYPES[wanted], headers={"Content-Disposition": disposition}
    )
