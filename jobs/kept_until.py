"""How long a session, its recording and its words are kept: what the settings promise. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store.session_queries import SessionRecord
from store.settings import settings


@dataclass(frozen=True)
class Kept:
    """Until when a finished session, its recording and its words are kept; None: for good, or it has not finished."""

    session_until: datetime | None
    audio_until: datetime | None
    transcript_until: datetime | None
    text: str | None


def kept(record: SessionRecord) -> Kept:
    """What the settings promise of this session, and the sentence that announces it. Pure."""
    limits = settings()
    whole = _until(record, limits.retention_days)
    audio = _first(whole, _until(record, limits.audio_retention_days))
    words = _first(whole, _until(record, limits.transcript_retention_days))
    if record.audio_deleted_at is not None:
        audio = None
    if record.transcript_deleted_at is not None:
        words = None
    return Kept(whole, audio, words, _sentences(record, whole, audio, words))


def _until(record: SessionRecord, days: float) -> datetime | None:
    return record.finished_at + timedelta(days=days) if days and record.finished_at else None


def _first(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _sentences(
    record: SessionRecord, whole: datetime | None, audio: datetime | None, words: datetime | None
) -> str | None:
    gone = [
        f"The {what} was removed on {at:%Y-%m-%d}, as set for this desk."
        for what, at in (("recording", record.audio_deleted_at), ("transcript", record.transcript_deleted_at))
        if at is not None
    ]
    going = [
        f"The {what} is removed on {at:%Y-%m-%d}."
        for what, at in (("recording", audio), ("transcript", words))
        if at is not None and at != whole
    ]
    if whole is not None:
        going.append(f"The session is removed with all about it on {whole:%Y-%m-%d}.")
    return " ".join([*gone, *going]) or None
