"""The words of a session, finished or so far."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, select, text
from sqlalchemy.orm import Session

from store.schema import Speaker, TranscriptChunk, TranscriptSegment

# As people named them, else as the segments label them
_SHOWN_SPEAKER = func.coalesce(Speaker.name, TranscriptSegment.speaker).label("speaker")


def segments(db: Session, session_id: uuid.UUID) -> list[dict[str, Any]]:
    """The finished transcript's segments in order, as `jobs.engines.protocol.Segment` writes them; empty before.

    `speaker` is who is shown, `speaker_label` what the segment says.
    """
    return [dict(row._mapping) for row in db.execute(_of_session(session_id, "confidence", "text", "words"))]


def segments_so_far(db: Session, session_id: uuid.UUID) -> list[dict[str, Any]]:
    """The segments of the chunks that are finished, in order, while the rest is still running."""
    statement = (
        select(TranscriptChunk.segments)
        .where(TranscriptChunk.session_id == session_id)
        .order_by(TranscriptChunk.start_sec)
    )
    return [segment for chunk in db.scalars(statement) for segment in chunk]


@dataclass(frozen=True)
class Line:
    """A segment as it is read on screen. `speaker` is who is shown, `speaker_label` what the segment says.

    `words` are (text, start in seconds, confidence), the confidence None where the engine has none.
    """

    start_sec: float
    end_sec: float
    speaker: str | None
    text: str
    speaker_label: str | None = None
    words: tuple[tuple[str, float, float | None], ...] = ()


def lines(db: Session, session_id: uuid.UUID) -> list[Line]:
    """The finished transcript, line by line; empty before."""
    rows = db.execute(_of_session(session_id, "text", "words")).yield_per(500)  # words unpacked are five times as large
    return [
        Line(
            row.start_sec,
            row.end_sec,
            row.speaker,
            row.text,
            row.speaker_label,
            tuple((word["text"], word["start_sec"], word.get("confidence")) for word in row.words),
        )
        for row in rows
    ]


def _of_session(session_id: uuid.UUID, *names: str) -> Select[Any]:
    """Times and speakers of the finished transcript's segments, and these columns, in order."""
    segment = TranscriptSegment
    named = and_(Speaker.session_id == segment.session_id, Speaker.label == segment.speaker)
    return (
        select(
            segment.start_sec,
            segment.end_sec,
            _SHOWN_SPEAKER,
            segment.speaker.label("speaker_label"),
            *(getattr(segment, name) for name in names),
        )
        .outerjoin(Speaker, named)
        .where(segment.session_id == session_id)
        .order_by(segment.position)
    )


# From the end on: of three hours of words no more is unpacked than is shown
_LINES_SO_FAR = text(
    """
    SELECT session.id AS session_id, line.* FROM session, LATERAL (
        SELECT segment.* FROM transcript_chunk chunk,
            jsonb_to_recordset(chunk.segments)
                AS segment (start_sec double precision, end_sec double precision, speaker text, text text)
        WHERE chunk.session_id = session.id AND chunk.engine = session.engine
        ORDER BY chunk.start_sec DESC, segment.start_sec DESC
        LIMIT :most
    ) AS line
    WHERE session.id = ANY(:ids)
    ORDER BY session.id, line.start_sec
    """
)


def lines_so_far(db: Session, ids: Sequence[uuid.UUID], most: int) -> dict[uuid.UUID, list[Line]]:
    """The last `most` lines of the finished chunks of each of these sessions, in order."""
    found: dict[uuid.UUID, list[Line]] = {}
    if ids:
        for row in db.execute(_LINES_SO_FAR, {"ids": list(ids), "most": most}):
            found.setdefault(row.session_id, []).append(Line(row.start_sec, row.end_sec, row.speaker, row.text))
    return found
