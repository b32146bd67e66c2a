"""The names that people give to the speakers of a finished transcript."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import and_, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from store.changes import note
from store.schema import CoachingSession, Speaker, TranscriptSegment
from store.states import Status

MAX_NAME_CHARS = 80
Span = tuple[float, float, str]  # start and end in seconds, and the label of the speaker


@dataclass(frozen=True)
class Voice:
    """A speaker as the segments label them; `name` is what people call them, None while they are shown by the label."""

    label: str
    name: str | None = None

    @property
    def shown(self) -> str:
        return self.name or self.label


def in_order(voices: Iterable[Voice]) -> list[Voice]:
    """Sorted by label: `Speaker 2` before `Speaker 10`."""
    return sorted(voices, key=lambda voice: (len(voice.label), voice.label))


def voices(db: Session, session_id: uuid.UUID) -> list[Voice]:
    """The speakers of the finished transcript, in order; empty before, and where no speakers are known."""
    named = and_(Speaker.session_id == TranscriptSegment.session_id, Speaker.label == TranscriptSegment.speaker)
    statement = (
        select(TranscriptSegment.speaker, func.min(Speaker.name))
        .outerjoin(Speaker, named)
        .where(TranscriptSegment.session_id == session_id, TranscriptSegment.speaker.is_not(None))
        .group_by(TranscriptSegment.speaker)
    )
    return in_order(Voice(str(label), name) for label, name in db.execute(statement))


def lock(db: Session, session_id: uuid.UUID) -> None:
    """Lock the session: of two writers of names the second waits for the first, and so does a deletion."""
    db.execute(select(CoachingSession.id).where(CoachingSession.id == session_id).with_for_update(key_share=True))


def write(db: Session, session_id: uuid.UUID, names: Mapping[str, str | None]) -> None:
    """Set the names of these labels, and clear those that are None; other labels keep theirs."""
    note(db)
    cleared = [label for label, name in names.items() if name is None]
    if cleared:
        db.execute(delete(Speaker).where(Speaker.session_id == session_id, Speaker.label.in_(cleared)))
    rows = [{"session_id": session_id, "label": label, "name": name} for label, name in names.items() if name]
    if rows:
        statement = upsert(Speaker).values(rows)
        key = [Speaker.session_id, Speaker.label]
        db.execute(statement.on_conflict_do_update(index_elements=key, set_={"name": statement.excluded.name}))


def named_before(db: Session, session_id: uuid.UUID) -> uuid.UUID | None:
    """The latest other completed session of the same owner and the same recording whose speakers have names."""
    ours, other = CoachingSession.__table__.alias("ours"), CoachingSession
    statement = (
        select(other.id)
        .join(ours, and_(ours.c.owner == other.owner, ours.c.audio_sha256 == other.audio_sha256))
        .where(ours.c.id == session_id, other.id != session_id, other.status == Status.COMPLETED)
        .where(exists().where(Speaker.session_id == other.id))
        .order_by(other.finished_at.desc(), other.id)
        .limit(1)
    )
    return db.scalars(statement).one_or_none()


def spans(db: Session, session_id: uuid.UUID) -> list[Span]:
    """When each speaker speaks in the finished transcript, in order."""
    segment = TranscriptSegment
    statement = (
        select(segment.start_sec, segment.end_sec, segment.speaker)
        .where(segment.session_id == session_id, segment.speaker.is_not(None))
        .order_by(segment.position)
    )
    return [(start, end, str(label)) for start, end, label in db.execute(statement)]
