"""Finished chunks: what a later attempt need not do again, and the words on screen while the rest is still running."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, delete, exists, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from store.schema import CLOCK, Attempt, CoachingSession, TranscriptChunk, TranscriptSegment
from store.states import Status


def checkpointed_sec() -> ScalarSelect[float]:
    """SQL for the seconds of audio that are finished of a session with its engine, inside a statement on `session`."""
    return (
        select(func.coalesce(func.sum(TranscriptChunk.end_sec - TranscriptChunk.start_sec), 0.0))
        .where(TranscriptChunk.session_id == CoachingSession.id, TranscriptChunk.engine == CoachingSession.engine)
        .correlate(CoachingSession)
        .scalar_subquery()
    )


def finished_a_chunk(claim_no: int) -> ColumnElement[bool]:
    """SQL for whether the attempt of this claim has finished anything, inside a statement on `session`."""
    chunk = TranscriptChunk
    return exists().where(chunk.session_id == CoachingSession.id, chunk.claim_no == claim_no).correlate(CoachingSession)


def save(
    db: Session,
    session_id: uuid.UUID,
    claim_no: int,
    *,
    engine: str,
    start_sec: float,
    end_sec: float,
    segments: Sequence[dict[str, Any]],
    model: str = "",
) -> bool:
    """Checkpoint a finished chunk; False when the claim is no longer held. The same chunk twice is stored once.

    `model` is that of the engine, where it has several.
    """
    if not hold(db, session_id, claim_no):
        return False
    db.execute(
        upsert(TranscriptChunk)
        .values(
            session_id=session_id,
            engine=engine,
            start_sec=start_sec,
            end_sec=end_sec,
            claim_no=claim_no,
            model=model,
            segments=list(segments),
        )
        .on_conflict_do_nothing()
    )
    return True


def resume(
    db: Session,
    session_id: uuid.UUID,
    claim_no: int,
    *,
    engine: str,
    boundaries: Collection[tuple[float, float]],
    duration_total: float,
    model: str = "",
) -> set[float] | None:
    """The audio is decoded and cut at `boundaries` (start and end in seconds): the starts of the chunks that earlier
    attempts have finished, or None when the claim is no longer held.

    Chunks of another model, and of other boundaries, left by a version that cut otherwise, are removed, so that a
    transcript is of one piece. The recording's length becomes the decoded one, since headers lie.
    """
    if not hold(db, session_id, claim_no):
        return None
    chunk = TranscriptChunk
    ours = (chunk.session_id == session_id, chunk.engine == engine)
    rows = db.execute(select(chunk.start_sec, chunk.end_sec, chunk.model).where(*ours))
    known = {(start, end): made_with for start, end, made_with in rows}
    finished = {whole for whole in boundaries if known.get(whole) == model}
    strays = known.keys() - finished
    if strays:
        db.execute(delete(chunk).where(*ours, tuple_(chunk.start_sec, chunk.end_sec).in_(list(strays))))
    finished_sec = sum(end - start for start, end in finished)
    db.execute(
        update(CoachingSession)
        .where(CoachingSession.id == session_id)
        .values(
            duration_total=duration_total,
            duration_processed=finished_sec,
            duration_resumed=finished_sec,
            duration_begun=finished_sec,
        )
    )
    db.execute(
        update(Attempt)
        .where(Attempt.session_id == session_id, Attempt.claim_no == claim_no)
        .values(prepared_at=CLOCK, resumed_sec=finished_sec)
    )
    return {start for start, _ in finished}


def finished_starts(db: Session, session_id: uuid.UUID, engine: str) -> set[float]:
    """Where the finished chunks of the session begin."""
    chunk = TranscriptChunk
    return set(db.scalars(select(chunk.start_sec).where(chunk.session_id == session_id, chunk.engine == engine)))


def written_segments(db: Session, session_id: uuid.UUID) -> int:
    """How many segments the finished transcript has."""
    count = select(func.count()).select_from(TranscriptSegment).where(TranscriptSegment.session_id == session_id)
    return db.scalars(count).one()


def finished_any(db: Session, session_id: uuid.UUID, claim_no: int) -> bool:
    """Whether the attempt of this claim has checkpointed anything."""
    chunk = exists().where(TranscriptChunk.session_id == session_id, TranscriptChunk.claim_no == claim_no)
    return bool(db.scalars(select(chunk)).one())


def hold(db: Session, session_id: uuid.UUID, claim_no: int) -> bool:
    """Lock the session if the claim is still held: nobody takes it over before this transaction ends."""
    held = (
        select(CoachingSession.id)
        .where(
            CoachingSession.id == session_id,
            CoachingSession.claim_no == claim_no,
            CoachingSession.status == Status.PROCESSING,
        )
        .with_for_update()
    )
    return db.scalars(held).one_or_none() is not None
