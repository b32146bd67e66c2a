"""Recordings that are stored but not started: the coach looks at what to expect first."""

import uuid
from typing import Any

from fastapi import APIRouter, Request, Response

from api.answers import BASE, NewSession
from api.people import Caller
from api.problems import documented, unknown_upload
from api.recording_form import FILE_ONLY, no_fields
from api.take_in import Fields, take_in
from api.upload_answers import UploadAnswer, UploadList
from api.wishes import SessionWishes
from jobs import board, submit
from store.intake import Recording

router = APIRouter(prefix="/v1/uploads", tags=["Uploads"])
LOCATION: dict[str, Any] = {"Location": {"description": "the new resource", "schema": {"type": "string"}}}


@router.post(
    "",
    status_code=201,
    summary="Store a recording and learn what to expect",
    responses={201: {"headers": LOCATION}, **documented(400, 403, 408, 413, 415, 422, 503, 507)},
    openapi_extra={"requestBody": FILE_ONLY},
)
async def upload(request: Request, response: Response, person: Caller) -> UploadAnswer:
    """The recording is stored and probed, and waits to be started. It is swept when that does not happen in a day."""

    def keep(recording: Recording, _fields: Fields) -> submit.Prospect:
        return submit.keep(recording, person)

    prospect = await take_in(request, owner=person.account_id, check=no_fields, then=keep)
    response.headers["Location"] = f"{BASE}/uploads/{prospect.recording.id}"
    return UploadAnswer.of(prospect)


@router.get("", summary="Recordings that wait to be started", responses=documented(503))
def waiting_uploads(person: Caller) -> UploadList:
    """The oldest first."""
    return UploadList(items=[UploadAnswer.of(prospect) for prospect in submit.kept(person)])


@router.get("/{upload_id:uuid}", summary="One recording that waits", responses=documented(404, 422, 503))
def waiting_upload(upload_id: uuid.UUID, person: Caller) -> UploadAnswer:
    prospect = submit.find_kept(upload_id, person)
    if prospect is None:
        raise unknown_upload()
    return UploadAnswer.of(prospect)


@router.post(
    "/{upload_id:uuid}/start",
    status_code=201,
    summary="Make it a session and queue it",
    responses={201: {"headers": LOCATION}, **documented(400, 403, 404, 422, 503)},
)
def start(upload_id: uuid.UUID, response: Response, person: Caller, wishes: SessionWishes | None = None) -> NewSession:
    submission = submit.start(upload_id, person, wishes=(wishes or SessionWishes()).checked())
    view = board.session(upload_id, person) if submission else None
    if submission is None or view is None:
        raise unknown_upload()
    response.headers["Location"] = f"{BASE}/sessions/{view.session_id}"
    return NewSession.made(view, submission.duplicate_of)


@router.delete(
    "/{upload_id:uuid}",
    status_code=204,
    summary="Discard a recording that waits",
    responses=documented(403, 404, 422, 503),
)
def discard(upload_id: uuid.UUID, person: Caller) -> None:
    if not submit.discard(upload_id, person):
        raise unknown_upload()
