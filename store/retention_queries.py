"""What is not to be kept longer: whole sessions, recordings, words, and lines of history. Batches, oldest first."""

import uuid
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from store.schema import CLOCK, CoachingSession, ProcessingStatus, Speaker, TranscriptChunk, TranscriptSegment

BATCH = 500


def past_retention(db: Session, days: float) -> list[uuid.UUID]:
    """Sessions that finished longer ago than people want to keep them."""
    return list(db.scalars(_finished_before(days)))


def expire_audio(db: Session, days: float) -> dict[uuid.UUID, str]:
    """Mark recordings that are kept no longer as removed; their sessions and URIs, to be deleted after the commit."""
    old = _finished_before(days, CoachingSession.audio_deleted_at.is_(None), CoachingSession.demo.is_(False))
    marked = (
        update(CoachingSession)
        .where(CoachingSession.id.in_(old.with_for_update(skip_locked=True).scalar_subquery()))
        .values(audio_deleted_at=CLOCK)
        .returning(CoachingSession.id, CoachingSession.audio_uri)
    )
    return {row.id: row.audio_uri for row in db.execute(marked)}


def expire_transcripts(db: Session, days: float) -> list[uuid.UUID]:
    """Remove the words of sessions that are kept no longer, finished and so far, and the names of their speakers; the
    sessions that had some left."""
    old = _finished_before(days, CoachingSession.transcript_deleted_at.is_(None))
    marked = (
        update(CoachingSession)
        .where(CoachingSession.id.in_(old.with_for_update(skip_locked=True).scalar_subquery()))
        .values(transcript_deleted_at=CLOCK)
        .returning(CoachingSession.id)
    )
    ids = list(db.scalars(marked))
    if ids:
        for words in (TranscriptSegment, TranscriptChunk, Speaker):
            db.execute(delete(words).where(words.session_id.in_(ids)))
    return ids


def expire_history(db: Session, days: float) -> int:
    """Remove lines of the history of finished sessions, but the last one, which says how they ended; how many."""
    later = aliased(ProcessingStatus)
    followed = exists().where(later.session_id == ProcessingStatus.session_id, later.id > ProcessingStatus.id)
    cutoff = CLOCK - timedelta(days=days)
    old = (
        select(ProcessingStatus.id)
        .join(CoachingSession, CoachingSession.id == ProcessingStatus.session_id)
        .where(ProcessingStatus.updated_at < cutoff, CoachingSession.finished_at < cutoff, followed)
        .limit(10 * BATCH)
    )
    return len(
        db.scalars(delete(ProcessingStatus).where(ProcessingStatus.id.in_(old)).returning(ProcessingStatus.id)).all()
    )


def _finished_before(days: float, *where: ColumnElement[bool]) -> Select[uuid.UUID]:
    old = CoachingSession.finished_at < CLOCK - timedelta(days=days)
    return select(CoachingSession.id).where(old, *where).order_by(CoachingSession.finished_at).limit(BATCH)
