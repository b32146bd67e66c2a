"""Which exception becomes which problem: the only place where the API translates errors."""

import errno
import logging
from collections.abc import Callable

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from api.problems import RETRY_AFTER_SEC, ApiProblem, FieldProblem, removed, unknown_session
from jobs.errors import ErrorKind, StorageRefused, TranscriptDeskError, likely_to_help
from jobs.policy import NotAllowed
from jobs.retry_cancel import NotPossible, SessionNotFound
from jobs.speakers.naming import NameTooLong, SpeakerUnknown, TranscriptRemoved
from store.audio import AudioNotFound, AudioStoreRefused
from store.history_cursor import BadCursor

log = logging.getLogger(__name__)

STATUS_OF_KIND = {
    ErrorKind.USER: 422,
    ErrorKind.PERMANENT: 422,
    ErrorKind.POISON: 422,
    ErrorKind.RETRYABLE: 503,
    ErrorKind.INSTALLATION: 503,
}
STATUS_OF_CODE = {"file-too-large": 413, "idempotency-key-reused": 422, "audio-missing": 404}
TITLES = {
    404: ("not-found", "There is nothing at this address."),
    405: ("method-not-allowed", "This address does not take this kind of request."),
}
Handler = Callable[[Request, Exception], JSONResponse]


def desk_problem(error: TranscriptDeskError) -> ApiProblem:
    status = STATUS_OF_CODE.get(error.code, STATUS_OF_KIND[error.kind])
    title = (type(error).__doc__ or "").strip().splitlines()[0]
    advice = None if error.code == "idempotency-key-reused" else likely_to_help(error.code)
    return ApiProblem(status, error.code, title, error.sentence, advice=advice, headers=_retry_after(status))


def invalid_problem(error: RequestValidationError | ValidationError, inside: tuple[str, ...] = ()) -> ApiProblem:
    """What pydantic found, field by field; `inside` is put before each place, such as ("body",)."""
    return ApiProblem(
        422,
        "invalid-request",
        "Part of this request was not understood.",
        "See `errors` for each field.",
        errors=[_field((*inside, *found["loc"]), str(found["msg"])) for found in error.errors()],
    )


def storage_problem(error: OSError) -> ApiProblem:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ApiProblem(
            507,
            "storage-full",
            "There is no room left for recordings.",
            "The storage is full. Operations has to make room; nothing of this upload was kept.",
            advice="Trying again will help once there is room.",
        )
    return ApiProblem(
        503,
        "storage-unavailable",
        "The storage for recordings cannot be reached at the moment.",
        advice="Trying again is likely to help, once the storage is back.",
        headers=_retry_after(503),
    )


def database_problem() -> ApiProblem:
    return ApiProblem(
        503,
        "database-unavailable",
        "Sessions cannot be read or changed at the moment.",
        "The database does not answer. What was uploaded is safe.",
        advice="Trying again is likely to help in a few seconds.",
        headers=_retry_after(503),
    )


def _retry_after(status: int) -> dict[str, str]:
    return {"Retry-After": RETRY_AFTER_SEC} if status == 503 else {}


def _field(place: tuple[int | str, ...], detail: str) -> FieldProblem:
    if place and place[0] == "body":
        return FieldProblem(detail=detail, pointer="#" + "".join(f"/{step}" for step in place[1:]), parameter=None)
    return FieldProblem(detail=detail, pointer=None, parameter=str(place[-1]) if place else None)


def _http(request: Request, error: HTTPException) -> JSONResponse:
    code, title = TITLES.get(error.status_code, ("request-refused", "This request was refused."))
    headers = {**(error.headers or {})}
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed(request))
    return ApiProblem(error.status_code, code, title, headers=headers).response()


def _allowed(request: Request) -> list[str]:
    """The methods that this address takes: Starlette names those of the first matching route alone."""
    routes = request.app.router.routes
    return [
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]


def _not_possible(error: NotPossible) -> ApiProblem:
    return ApiProblem(409, "not-possible-now", "The session's state does not allow this.", str(error))


def _bad_cursor(error: BadCursor) -> ApiProblem:
    return ApiProblem(422, "bad-cursor", str(error), errors=[FieldProblem(detail=str(error), parameter="cursor")])


def _not_allowed(error: NotAllowed) -> ApiProblem:
    return ApiProblem(403, "not-allowed", str(error))


def _speaker(code: str) -> Callable[[Exception], ApiProblem]:
    return lambda error: ApiProblem(422, code, (type(error).__doc__ or "").strip(), str(error))


def _audio_gone() -> ApiProblem:
    return ApiProblem(404, "audio-missing", "The audio of this session is no longer there.")


def _unexpected() -> ApiProblem:
    return ApiProblem(
        500,
        "unexpected",
        "Something unexpected went wrong on our side.",
        advice="Trying again may help; if it fails again in the same way, please tell operations.",
    )


def _logged(problem: Callable[[Exception], ApiProblem]) -> Handler:
    def handle(request: Request, error: Exception) -> JSONResponse:
        reference = str(request.scope.get("desk.reference", "-"))
        log.error("%s %s failed, reference %s", request.method, request.url.path, reference, exc_info=error)
        answer = problem(error)
        answer.problem.reference = reference
        return answer.response()

    return handle


def _away(problem: Callable[[Exception], ApiProblem]) -> Handler:
    """For servers that do not answer: a line a request says it; where in our code it was met says nothing."""

    def handle(request: Request, error: Exception) -> JSONResponse:
        log.warning("%s %s has to wait: %s", request.method, request.url.path, str(error).partition("\n")[0])
        return problem(error).response()

    return handle


def _quiet(problem: Callable[..., ApiProblem]) -> Handler:
    return lambda _request, error: problem(error).response()


HANDLERS: dict[int | type[Exception], Handler] = {
    ApiProblem: lambda _request, error: error.response(),  # type: ignore[attr-defined]
    TranscriptDeskError: _quiet(desk_problem),
    RequestValidationError: _quiet(invalid_problem),
    HTTPException: _http,  # type: ignore[dict-item]
    NotPossible: _quiet(_not_possible),
    NotAllowed: _quiet(_not_allowed),
    SessionNotFound: _quiet(lambda _: unknown_session()),
    SpeakerUnknown: _quiet(_speaker("speaker-unknown")),
    NameTooLong: _quiet(_speaker("name-too-long")),
    TranscriptRemoved: _quiet(lambda error: removed("transcript", error.at)),
    AudioNotFound: _quiet(lambda _: _audio_gone()),
    BadCursor: _quiet(_bad_cursor),
    ClientDisconnect: _quiet(lambda _: ApiProblem(400, "upload-cut-off", "The upload stopped before its end.")),
    AudioStoreRefused: _logged(lambda _: desk_problem(StorageRefused())),
    OSError: _logged(storage_problem),  # type: ignore[arg-type]
    DataError: _logged(lambda _: _unexpected()),  # the database is there, and refuses what we sent
    OperationalError: _away(lambda _: database_problem()),
    InterfaceError: _away(lambda _: database_problem()),
    PoolTimeout: _away(lambda _: database_problem()),
    DBAPIError: _logged(lambda _: database_problem()),
    SQLAlchemyError: _logged(lambda _: _unexpected()),
    Exception: _logged(lambda _: _unexpected()),
}
