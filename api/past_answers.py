"""A session's past as JSON: its history line by line, and its attempts."""

import uuid

from pydantic import BaseModel, Field

from api.units import Moment, Seconds
from store.states import Status
from store.timeline_queries import AttemptRow, StatusRow


class HistoryLine(BaseModel):
    """A transition or a stage; the last one's progress moves while the session runs."""

    status: Status
    progress: int
    message: str
    detail: str | None
    actor: str
    attempt: int
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, row: StatusRow) -> "HistoryLine":
        return cls(**vars(row))


class AttemptAnswer(BaseModel):
    """One try at the transcription; `outcome` is null while it runs."""

    number: int
    engine: str
    worker: str
    started_by: str
    expected_sec: Seconds
    resumed_sec: Seconds
    processed_sec: Seconds
    queued_at: Moment
    started_at: Moment
    prepared_at: Moment | None
    speakers_at: Moment | None = Field(description="when all words were there and telling the speakers apart began")
    finished_at: Moment | None
    outcome: str | None
    error_code: str | None
    error_text: str | None

    @classmethod
    def of(cls, row: AttemptRow) -> "AttemptAnswer":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class SessionHistory(BaseModel):
    session_id: uuid.UUID
    history: list[HistoryLine]
    attempts: list[AttemptAnswer]
