"""Uploads that wait to be started, new sessions, and their removal."""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from store.changes import note
from store.schema import CoachingSession, Upload
from store.states import Priority, Status
from store.transitions import created


@dataclass(frozen=True)
class Recording:
    """A recording in the audio store, as it was verified and probed. `id` is, or becomes, its session's."""

    id: uuid.UUID
    owner: str
    audio_filename: str
    audio_uri: str
    audio_size_bytes: int
    audio_sha256: str
    audio_format: str
    duration_total: float
    audio_codec: str = ""
    audio_channels: int = 1
    speaker_channels: bool = False
    upload_sec: float | None = None
    duration_promised: float | None = None  # by its header


def keep_upload(db: Session, recording: Recording) -> None:
    """Remember a stored recording until its coach starts it."""
    note(db)
    db.execute(insert(Upload).values(**vars(recording)))


def take_upload(db: Session, upload_id: uuid.UUID, *, owner: str) -> Recording | None:
    """Remove the upload and return its recording, for the transaction that inserts its session or deletes its audio."""
    columns = [getattr(Upload, name) for name in Recording.__dataclass_fields__]
    statement = delete(Upload).where(Upload.id == upload_id, Upload.owner == owner).returning(*columns)
    row = db.execute(statement).one_or_none()
    if row is None:
        return None
    note(db)
    return Recording(**row._mapping)


def find_upload(db: Session, upload_id: uuid.UUID, *, owner: str) -> Recording | None:
    columns = [getattr(Upload, name) for name in Recording.__dataclass_fields__]
    row = db.execute(select(*columns).where(Upload.id == upload_id, Upload.owner == owner)).one_or_none()
    return Recording(**row._mapping) if row else None


def uploads_of(db: Session, owner: str) -> list[Recording]:
    """The owner's uploads that wait to be started, the oldest first."""
    columns = [getattr(Upload, name) for name in Recording.__dataclass_fields__]
    rows = db.execute(select(*columns).where(Upload.owner == owner).order_by(Upload.created_at))
    return [Recording(**row._mapping) for row in rows]


def insert_session(
    db: Session,
    recording: Recording,
    *,
    title: str,
    language: str,
    engine: str,
    priority: Priority,
    idempotency_key: str | None,
    message: str,
    actor: str,
    language_detected: bool = False,
    speakers: str = "one",
) -> bool:
    """Insert a pending session with its first history row; False when its owner has used the idempotency key before.

    `language_detected` with a tag: nobody has chosen it, and its engine cannot hear which one is spoken.
    """
    statement = (
        upsert(CoachingSession)
        .values(
            **vars(recording),
            title=title,
            language=language,
            language_detected=language_detected,
            speakers=speakers,
            engine=engine,
            priority=int(priority),
            idempotency_key=idempotency_key,
        )
        .on_conflict_do_nothing(index_elements=["owner", "idempotency_key"])
        .returning(CoachingSession.id)
    )
    if db.execute(statement).one_or_none() is None:
        return False
    created(db, recording.id, message=message, actor=actor)
    return True


def delete_session(db: Session, session_id: uuid.UUID, *, owner: str | None = None) -> str | None:
    """Remove a session that is not running and all about it; its audio URI, or None when nothing was removed."""
    statement = (
        delete(CoachingSession)
        .where(CoachingSession.id == session_id, CoachingSession.status != Status.PROCESSING)
        .returning(CoachingSession.audio_uri)
    )
    if owner is not None:
        statement = statement.where(CoachingSession.owner == owner)
    note(db)
    return db.scalars(statement).one_or_none()
