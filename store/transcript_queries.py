"""The words of a session, finished or so far."""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.schema import TranscriptChunk, TranscriptSegment


def segments(db: Session, session_id: uuid.UUID) -> list[dict[str, Any]]:
    """The finished transcript's segments in order, as `jobs.engines.protocol.Segment` writes them; empty before."""
    names = ["start_sec", "end_sec", "speaker", "confidence", "text", "words"]
    columns = [getattr(TranscriptSegment, name) for name in names]
    statement = select(*columns).where(TranscriptSegment.session_id == session_id).order_by(TranscriptSegment.position)
    return [dict(row._mapping) for row in db.execute(statement)]


def segments_so_far(db: Session, session_id: uuid.UUID) -> list[dict[str, Any]]:
    """The segments of the chunks that are finished, in order, while the rest is still running."""
    statement = (
        select(TranscriptChunk.segments)
        .where(TranscriptChunk.session_id == session_id)
        .order_by(TranscriptChunk.start_sec)
    )
    return [segment for chunk in db.scalars(statement) for segment in chunk]
