"""A session's past: its history line by line, and its attempts."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.schema import Attempt, ProcessingStatus
from store.states import Status


@dataclass(frozen=True)
class StatusRow:
    """One line of a session's history."""

    status: Status
    progress: int
    message: str
    detail: str | None
    actor: str
    attempt: int
    created_at: datetime
    updated_at: datetime


def status_history(db: Session, session_id: uuid.UUID) -> list[StatusRow]:
    """The session's history, the oldest line first."""
    columns = [getattr(ProcessingStatus, name) for name in StatusRow.__dataclass_fields__]
    rows = db.execute(select(*columns).where(ProcessingStatus.session_id == session_id).order_by(ProcessingStatus.id))
    return [StatusRow(**{**row._mapping, "status": Status(row.status)}) for row in rows]


@dataclass(frozen=True)
class AttemptRow:
    """One try: who started it, how long it waited, when its stages began, how it ended."""

    number: int
    engine: str
    worker: str
    job_id: str | None
    started_by: str
    expected_sec: float
    resumed_sec: float
    processed_sec: float
    queued_at: datetime
    started_at: datetime
    prepared_at: datetime | None
    speakers_at: datetime | None
    recognised_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    error_code: str | None
    error_text: str | None


def attempts(db: Session, session_id: uuid.UUID) -> list[AttemptRow]:
    """The session's attempts, the first one first."""
    columns = [getattr(Attempt, name) for name in AttemptRow.__dataclass_fields__]
    rows = db.execute(select(*columns).where(Attempt.session_id == session_id).order_by(Attempt.number))
    return [AttemptRow(**row._mapping) for row in rows]
