"""Finished chunks: what a later attempt need not do again, and the words on screen while the rest is still running."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, case, delete, exists, func, or_, select, tuple_, update
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


def note_language(db: Session, session_id: uuid.UUID, claim_no: int, language: str, *, instead_of: str) -> bool:
    """Write the language that is heard; it becomes the session's where that says `instead_of`. False when the claim is
    no longer held."""
    undecided = CoachingSession.language == instead_of
    noted = (
        update(CoachingSession)
        .where(
            CoachingSession.id == session_id,
            CoachingSession.claim_no == claim_no,
            CoachingSession.status == Status.PROCESSING,
        )
        .values(
            language_heard=language,
            language_detected=or_(CoachingSession.language_detected, undecided),
            language=case((undecided, language), else_=CoachingSession.language),
        )
        .returning(CoachingSession.id)
    )
    return db.scalars(noted).one_or_none() is not None


def segments_of(db: Session, session_id: uuid.UUID, engine: str, start_sec: float) -> list[dict[str, Any]]:
    """The segments of one finished chunk, as `save` was given them."""
    chunk = TranscriptChunk
    ours = (chunk.session_id == session_id, chunk.engine == engine, chunk.start_sec == start_sec)
    return db.scalars(select(chunk.segments).where(*ours)).one_or_none() or []


def begin_telling_speakers(db: Session, session_id: uuid.UUID, claim_no: int) -> None:
    """All words are there, and the speakers are told apart now."""
    _of_attempt(db, session_id, claim_no, speakers_at=CLOCK)


def tell_speakers(
    db: Session,
    session_id: uuid.UUID,
    claim_no: int,
    *,
    engine: str,
    segments: Mapping[float, Sequence[dict[str, Any]]],
) -> bool:
    """Replace the segments of these chunks, by their start, with the same words and their speakers; False when the
    claim is no longer held."""
    if not hold(db, session_id, claim_no):
        return False
    chunk = TranscriptChunk
    for start_sec, told in segments.items():
        ours = (chunk.session_id == session_id, chunk.engine == engine, chunk.start_sec == start_sec)
        db.execute(update(chunk).where(*ours).values(segments=list(told)))
    return True


def note_speakers(db: Session, session_id: uuid.UUID, claim_no: int, outcome: str) -> None:
    """Write how telling the speakers apart went: `schema.Attempt.speakers_outcome`."""
    _of_attempt(db, session_id, claim_no, speakers_outcome=outcome)


def _of_attempt(db: Session, session_id: uuid.UUID, claim_no: int, **values: Any) -> None:
    db.execute(update(Attempt).where(Attempt.session_id == session_id, Attempt.claim_no == claim_no).values(**values))


def finished_chunks(db: Session, session_id: uuid.UUID, engine: str) -> list[tuple[float, float]]:
    """Where the finished chunks of the session begin and end, in order."""
    chunk = TranscriptChunk
    ours = (chunk.session_id == session_id, chunk.engine == engine)
    rows = db.execute(select(chunk.start_sec, chunk.end_sec).where(*ours).order_by(chunk.start_sec))
    return [(row.start_sec, row.end_sec) for row in rows]


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
