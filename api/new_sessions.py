"""One call from a recording to a session in the queue."""

from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Request, Response

from api.answers import BASE, NewSession
from api.people import Caller
from api.problems import documented
from api.recording_form import WITH_WISHES
from api.take_in import Fields, take_in
from api.wishes import wishes_in_form
from jobs import board, submit
from store.intake import Recording

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"])
REPLAYED = "Idempotency-Replayed"
HEADERS: dict[str, Any] = {"Location": {"description": "the session", "schema": {"type": "string"}}}
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[ -~]*$",
        description="sent again with the same recording it answers with the first session, so that a retry is safe",
    ),
]


@router.post(
    "",
    status_code=201,
    summary="Upload a recording and queue it",
    responses={
        201: {"headers": HEADERS},
        200: {
            "model": NewSession,
            "description": "This Idempotency-Key has made this session before",
            "headers": {**HEADERS, REPLAYED: {"description": "`true`", "schema": {"type": "string"}}},
        },
        **documented(400, 403, 408, 413, 415, 422, 503, 507),
    },
    openapi_extra={"requestBody": WITH_WISHES},
)
async def create_session(
    request: Request, response: Response, person: Caller, idempotency_key: IdempotencyKey = None
) -> NewSession:
    """Answers once the recording is stored and verified and the session is committed."""

    def submitted(recording: Recording, fields: Fields) -> submit.Submission:
        return submit.submit(recording, wishes_in_form(fields), idempotency_key=idempotency_key, person=person)

    submission = await take_in(request, owner=person.account_id, check=wishes_in_form, then=submitted)
    view = await run_sync(board.session, submission.session_id, person)
    assert view is not None  # committed a moment ago
    response.headers["Location"] = f"{BASE}/sessions/{submission.session_id}"
    if not submission.created:
        response.status_code = 200
        response.headers[REPLAYED] = "true"
    return NewSession.made(view, submission.duplicate_of)
