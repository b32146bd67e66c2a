"""Sessions as records: every fact that a screen or the API shows, read in one statement together with the clock."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from store.schema import CLOCK, Attempt, CoachingSession, ProcessingStatus
from store.states import FINAL, Priority, Status


@dataclass(frozen=True)
class SessionRecord:
    """The facts of one session and the database's time at which they were read. Durations in seconds."""

    id: uuid.UUID
    owner: str
    title: str
    audio_filename: str
    audio_uri: str
    audio_size_bytes: int
    audio_sha256: str
    audio_format: str
    audio_codec: str
    audio_channels: int
    speaker_channels: bool
    duration_total: float
    duration_promised: float | None
    upload_sec: float | None
    language: str
    language_detected: bool
    language_heard: str | None
    speakers: str
    engine: str
    priority: Priority
    demo: bool
    status: Status
    attempt: int
    claim_no: int
    failures: int
    fruitless_deaths: int
    transcription_job_id: str | None
    worker: str | None
    duration_processed: float
    duration_begun: float
    error_code: str | None
    error_kind: str | None
    error_text: str | None
    created_at: datetime
    updated_at: datetime
    queued_at: datetime
    next_run_at: datetime | None
    started_at: datetime | None
    heartbeat_at: datetime | None
    moved_at: datetime | None
    recent_pace: float | None
    recent_reports: float | None
    finished_at: datetime | None
    audio_deleted_at: datetime | None
    transcript_deleted_at: datetime | None
    # of the current or last attempt; None before the first
    expected_sec: float | None
    expected_from: str | None
    spread: float | None
    resumed_sec: float | None
    prepared_at: datetime | None
    model: str | None
    speakers_at: datetime | None
    speakers_outcome: str | None
    # of the last history row
    progress: int
    message: str
    now: datetime


_SESSION_COLUMNS = [
    column for column in CoachingSession.__table__.columns if column.name in SessionRecord.__dataclass_fields__
]


def select_records() -> Select[Any]:
    """The statement behind every record; add WHERE, ORDER BY and LIMIT, and read the rows with `as_record`."""
    last = (
        select(ProcessingStatus.progress, ProcessingStatus.message)
        .where(ProcessingStatus.session_id == CoachingSession.id)
        .order_by(ProcessingStatus.id.desc())
        .limit(1)
        .lateral("last_status")
    )
    return (
        select(
            *_SESSION_COLUMNS,
            Attempt.expected_sec,
            Attempt.expected_from,
            Attempt.spread,
            Attempt.resumed_sec,
            Attempt.prepared_at,
            Attempt.model,
            Attempt.speakers_at,
            Attempt.speakers_outcome,
            last.c.progress,
            last.c.message,
            CLOCK.label("now"),
        )
        .outerjoin(Attempt, and_(Attempt.session_id == CoachingSession.id, Attempt.number == CoachingSession.attempt))
        .join(last, last.c.progress.is_not(None))
    )


def as_record(row: Any) -> SessionRecord:
    facts = dict(row._mapping)
    return SessionRecord(**{**facts, "status": Status(facts["status"]), "priority": Priority(facts["priority"])})


def records(
    db: Session, *where: ColumnElement[bool], order_by: Sequence[Any] = (), limit: int = 200
) -> list[SessionRecord]:
    ordered = order_by or (CoachingSession.created_at.desc(), CoachingSession.id)
    return [as_record(row) for row in db.execute(select_records().where(*where).order_by(*ordered).limit(limit))]


def by_ids(db: Session, ids: Collection[uuid.UUID], *, owner: str | None = None) -> list[SessionRecord]:
    """The sessions with these ids, of this owner where one is given; unknown ones are left out."""
    return records(db, CoachingSession.id.in_(ids), *_of(owner), limit=len(ids) or 1)


def by_id(db: Session, session_id: uuid.UUID, *, owner: str | None = None) -> SessionRecord | None:
    found = by_ids(db, [session_id], owner=owner)
    return found[0] if found else None


def with_status(db: Session, *statuses: Status, owner: str | None = None, limit: int = 200) -> list[SessionRecord]:
    """Sessions in these states, the newest first."""
    wanted = [CoachingSession.status.in_(statuses), *_of(owner)]
    if not FINAL & set(statuses):  # said apart, so that Postgres sees that the index of those under way will do
        wanted.append(CoachingSession.finished_at.is_(None))
    return records(db, *wanted, limit=limit)


def waiting_by_engine(db: Session) -> dict[str, int]:
    """How many sessions wait for each engine."""
    statement = select(CoachingSession.engine, func.count()).where(CoachingSession.status == Status.PENDING)
    return {row[0]: row[1] for row in db.execute(statement.group_by(CoachingSession.engine))}


def processing_by_engine(db: Session) -> dict[str, int]:
    """How many sessions run on each engine."""
    statement = select(CoachingSession.engine, func.count()).where(CoachingSession.status == Status.PROCESSING)
    return {row[0]: row[1] for row in db.execute(statement.group_by(CoachingSession.engine))}


def held_by(db: Session, worker: str, job_id: str) -> list[SessionRecord]:
    """Processing sessions that this worker claimed in this RQ job: one, or none."""
    claimed = (CoachingSession.worker == worker, CoachingSession.transcription_job_id == job_id)
    return records(db, CoachingSession.status == Status.PROCESSING, *claimed)


def recent(db: Session, *, owner: str | None = None, limit: int = 50) -> list[SessionRecord]:
    """What a coach looks at: the sessions that are under way, then the newest others, at most `limit`."""
    under_way = with_status(db, Status.PROCESSING, Status.PENDING, owner=owner, limit=limit)
    newest = records(db, CoachingSession.finished_at.is_not(None), *_of(owner), limit=limit - len(under_way))
    return under_way + newest


def with_same_bytes(db: Session, sha256: str, *, owner: str) -> SessionRecord | None:
    """The owner's newest session of a recording with this checksum."""
    found = records(db, CoachingSession.audio_sha256 == sha256, CoachingSession.owner == owner, limit=1)
    return found[0] if found else None


def with_idempotency_key(db: Session, key: str, *, owner: str) -> SessionRecord | None:
    found = records(db, CoachingSession.idempotency_key == key, CoachingSession.owner == owner, limit=1)
    return found[0] if found else None


def _of(owner: str | None) -> list[ColumnElement[bool]]:
    return [] if owner is None else [CoachingSession.owner == owner]
