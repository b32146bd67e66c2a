"""A session as JSON: the view of jobs/session_view.py, field by field."""

import uuid
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.units import Moment, Seconds
from jobs.session_view import SessionView
from store.states import Status

BASE = "/api/v1"


class QueuePlace(BaseModel):
    """Where a waiting session stands; 1 is next."""

    position: int
    of: int
    wait_sec: Seconds


class Links(BaseModel):
    self: str
    status: str
    history: str
    transcript: str
    audio: str


class SessionAnswer(BaseModel):
    """One session, as the screen shows it. Durations in seconds; times in UTC."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "session_id": "5f0c7a34-8c1e-4a53-9a53-0d6a6f0b2f11",
                "status": "processing",
                "progress": 45,
                "estimated_completion": "2025-01-09T10:30:00Z",
                "started_at": "2025-01-09T10:20:00Z",
                "message": "Processing audio...",
                "duration_processed": 1200,
                "duration_total": 3600,
                "duration_passed": 1200,
                "notice": None,
                "notices": [],
                "remaining_sec": 600,
                "remaining_text": "~10 min",
                "interval_text": "8 min to 13 min",
                "ready_from": "2025-01-09T10:28:00Z",
                "ready_to": "2025-01-09T10:33:00Z",
                "similar_sessions": 46,
                "basis": "measured",
                "queue": None,
                "title": "First session with Anna",
                "filename": "anna-1.m4a",
                "language": "en",
                "language_detected": True,
                "speakers": "two",
                "speakers_outcome": None,
                "engine": "whisper",
                "model": "base",
                "draft_text": "Draft by Whisper base on this machine",
                "priority": "normal",
                "attempt": 1,
                "attempts_allowed": 5,
                "next_run_at": None,
                "stalled": False,
                "overdue": False,
                "overdue_text": None,
                "cause": None,
                "advice": None,
                "error_code": None,
                "processing_sec": None,
                "speed": None,
                "speed_text": None,
                "created_at": "2025-01-09T10:19:55Z",
                "finished_at": None,
                "updated_at": "2025-01-09T10:24:59Z",
                "as_of": "2025-01-09T10:25:00Z",
                "can_cancel": True,
                "can_retry": False,
                "can_delete": False,
                "audio_deleted_at": None,
                "transcript_deleted_at": None,
                "audio_kept_until": None,
                "transcript_kept_until": None,
                "session_kept_until": None,
                "retention_text": None,
                "links": {
                    "self": "/api/v1/sessions/5f0c7a34-8c1e-4a53-9a53-0d6a6f0b2f11",
                    "status": "/api/v1/sessions/5f0c7a34-8c1e-4a53-9a53-0d6a6f0b2f11/status",
                    "history": "/api/v1/sessions/5f0c7a34-8c1e-4a53-9a53-0d6a6f0b2f11/history",
                    "transcript": "/api/v1/sessions/5f0c7a34-8c1e-4a53-9a53-0d6a6f0b2f11/transcript",
                    "audio": "/api/v1/sessions/5f0c7a34-8c1e-4a53-9a53-0d6a6f0b2f11/audio",
                },
            }
        }
    )

    session_id: uuid.UUID
    status: Status
    progress: int = Field(ge=0, le=100)
    estimated_completion: Moment | None
    started_at: Moment | None
    message: str
    duration_processed: Seconds
    duration_total: Seconds
    duration_passed: Seconds = Field(
        description="`duration_processed`, and within a chunk what the engine's pace makes likely: an estimate"
    )
    notice: str | None = Field(description="that the end of the recording is missing, in plain words")
    notices: list[str] = Field(
        description="all that a reader should know of the recording and its words, in plain words; `notice` comes first"
    )
    remaining_sec: Seconds | None
    remaining_text: str | None
    interval_text: str | None = Field(description="how long it takes 8 times out of 10; null for a rough estimate")
    ready_from: Moment | None = Field(description="8 times out of 10 it is ready between this time and `ready_to`")
    ready_to: Moment | None
    similar_sessions: int = Field(description="finished sessions that the interval rests on; below nine there is none")
    basis: str = Field(
        description="what progress and estimate rest on: `measured`, `reported` (by the provider) or `estimated` (from "
        "the time) while it is processed; before, `learned` (from finished sessions) or `assumed`"
    )
    queue: QueuePlace | None
    title: str
    filename: str
    language: str = Field(description="its tag; `detect` until it is heard")
    language_detected: bool = Field(description="whether it was heard, and not chosen")
    speakers: str = Field(description="how many people speak, as was said: `one`, `two` or `more`")
    speakers_outcome: str | None = Field(
        description="told apart by `channels` or `voices`; or not: `one` voice is heard, `unsure`, or it `failed`. "
        "Null before, and where nothing was to be told apart"
    )
    engine: str
    model: str | None = Field(description="the engine's model in the latest attempt, where it has several")
    draft_text: str | None = Field(description="what made the words, in plain words; null before the first attempt")
    priority: str
    attempt: int
    attempts_allowed: int
    next_run_at: Moment | None
    stalled: bool
    overdue: bool
    overdue_text: str | None = Field(description="what it is overdue against, and the last sign of life")
    cause: str | None = Field(description="why it failed or waits to try again, in plain words")
    advice: str | None = Field(description="whether trying again is likely to help")
    error_code: str | None
    processing_sec: Seconds | None
    speed: float | None = Field(description="seconds of audio a second of processing")
    speed_text: str | None
    created_at: Moment
    finished_at: Moment | None
    updated_at: Moment
    as_of: Moment
    can_cancel: bool
    can_retry: bool
    can_delete: bool
    audio_deleted_at: Moment | None = Field(description="its recording was not to be kept longer")
    transcript_deleted_at: Moment | None
    audio_kept_until: Moment | None = Field(description="null: for good, or it has not finished")
    transcript_kept_until: Moment | None
    session_kept_until: Moment | None
    retention_text: str | None = Field(description="what is removed when, and what was, in plain words")
    links: Links

    @classmethod
    def of(cls, view: SessionView) -> "SessionAnswer":
        return cls(**session_fields(view))


def session_fields(view: SessionView) -> dict[str, Any]:
    facts = {name: getattr(view, name) for name in SessionAnswer.model_fields if hasattr(view, name)}
    at = f"{BASE}/sessions/{view.session_id}"
    place = view.place
    return facts | {
        "queue": QueuePlace(position=place.position, of=place.of, wait_sec=place.wait_sec) if place else None,
        "speed": None if view.speed is None else round(view.speed, 2),
        "links": Links(
            self=at, status=f"{at}/status", history=f"{at}/history", transcript=f"{at}/transcript", audio=f"{at}/audio"
        ),
    }


class NewSession(SessionAnswer):
    """A session that was just made."""

    duplicate_of: uuid.UUID | None = Field(description="the session that was made of the same bytes before")

    @classmethod
    def made(cls, view: SessionView, duplicate_of: uuid.UUID | None) -> "NewSession":
        return cls(**session_fields(view), duplicate_of=duplicate_of)


class SessionList(BaseModel):
    items: list[SessionAnswer]
    next: str | None = Field(description="`cursor` of the next page; null on the last one")


class Statuses(BaseModel):
    items: list[SessionAnswer] = Field(description="in the order of the ids")
    unknown: list[uuid.UUID] = Field(description="ids that are no session of yours")
