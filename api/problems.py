"""Every error as an RFC 9457 problem: a title that a coach understands, a code for programs, and what may help."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SEC = "5"


class FieldProblem(BaseModel):
    """What is wrong with one field or parameter."""

    detail: str
    pointer: str | None = Field(None, description="JSON pointer into the body, such as `#/title`")
    parameter: str | None = Field(None, description="name of the query, path or header parameter")


class Problem(BaseModel):
    """An error, as RFC 9457 describes it."""

    type: str = Field(description="URI reference that names this kind of problem; it does not change")
    title: str = Field(description="what happened, for a person")
    status: int
    detail: str = Field(description="what happened this time, and what to do")
    code: str = Field(description="the last part of `type`, for programs")
    advice: str | None = Field(None, description="whether trying again is likely to help")
    reference: str | None = Field(None, description="what operations find this failure by in the logs")
    errors: list[FieldProblem] | None = Field(None, description="field by field, where the request was not understood")


class ApiProblem(Exception):
    """An error that a call answers with; raise it where it is found."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        *,
        advice: str | None = None,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.headers = dict(headers or {})
        self.problem = Problem(
            type=f"/api/problems/{code}",
            title=title,
            status=status,
            detail=detail or title,
            code=code,
            advice=advice,
            errors=list(errors) or None,
        )

    def response(self) -> JSONResponse:
        content = self.problem.model_dump(exclude_none=True)
        return JSONResponse(content, self.problem.status, headers=self.headers, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a call may answer with, for its `responses` in OpenAPI."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def unknown_session() -> ApiProblem:
    return ApiProblem(
        404,
        "session-not-found",
        "There is no such session.",
        "There is no session with this id among yours. It may have been deleted.",
    )


def removed(what: str, at: datetime) -> ApiProblem:
    """The recording or the words of a session that is still there were not to be kept longer."""
    return ApiProblem(
        410,
        f"{what}-removed",
        f"The {what} of this session was removed.",
        f"This desk keeps a {what} for a set time after its session has ended; this one was removed on {at:%Y-%m-%d}.",
        advice="Trying again will not help: it is gone for good.",
    )


def unknown_upload() -> ApiProblem:
    return ApiProblem(
        404,
        "upload-not-found",
        "This upload is not waiting any more.",
        "It was started, discarded or swept. Look in your sessions, or upload the recording again.",
    )
