"""Who did what, for operations."""

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api.list_query import NO_CONTROL_CHARACTERS
from api.list_query import Moment as MomentAsked
from api.people import Caller
from api.problems import documented
from api.units import Moment
from jobs import audit_view
from store.audit import Action, AuditFilter, AuditRow

router = APIRouter(prefix="/v1/audit", tags=["Audit"])
CSV = "text/csv"


class AuditQuery(BaseModel):
    """Everything left out means any."""

    model_config = ConfigDict(extra="forbid")

    action: Action | None = None
    actor: str | None = Field(
        None, max_length=320, pattern=NO_CONTROL_CHARACTERS, description="an account's id or e-mail address"
    )
    session: uuid.UUID | None = None
    since: MomentAsked | None = None
    until: MomentAsked | None = None
    cursor: int | None = Field(None, ge=1, le=2**63 - 1)
    limit: int = Field(50, ge=1, le=200)
    format: Literal["json", "csv"] = "json"

    def filter(self) -> AuditFilter:
        return AuditFilter(self.action, self.actor, self.session, self.since, self.until)


class AuditLine(BaseModel):
    """One thing that somebody did. `actor` is an account's id or a part of the product."""

    id: int
    at: Moment
    action: str
    actor: str
    actor_email: str
    session_id: uuid.UUID | None
    target: str | None
    detail: str | None
    address: str | None

    @classmethod
    def of(cls, row: AuditRow) -> "AuditLine":
        return cls(**vars(row))


class AuditLines(BaseModel):
    items: list[AuditLine]
    next: int | None = Field(description="`cursor` of the next page; null on the last one")


@router.get(
    "",
    summary="Who did what",
    response_model=AuditLines,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}, **documented(403, 422, 503)},
)
def audit(asked: Annotated[AuditQuery, Query()], person: Caller) -> AuditLines | Response:
    """The newest first. `format=csv` answers with every row of the filter, whatever the page."""
    if asked.format == "csv":
        name = {"Content-Disposition": 'attachment; filename="transcript-desk-audit.csv"'}
        return StreamingResponse(audit_view.as_csv(person, asked.filter()), media_type=CSV, headers=name)
    found = audit_view.page(person, asked.filter(), asked.cursor, asked.limit)
    return AuditLines(items=[AuditLine.of(row) for row in found.rows], next=found.next)
