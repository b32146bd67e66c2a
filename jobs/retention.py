"""Removes what is to be kept no longer (jobs/kept_until.py says until when); the reconciler does it."""

import logging
from contextlib import suppress

from jobs.retry_cancel import NotPossible, SessionNotFound, delete
from store import audit, retention_queries
from store.audio import audio_store
from store.audit import Action, Actor
from store.database import transaction
from store.settings import settings

RECONCILER = Actor("reconciler")
log = logging.getLogger(__name__)


def apply_retention() -> int:
    """Remove what is to be kept no longer; how many sessions, recordings, transcripts and lines of history."""
    limits, removed = settings(), 0
    if limits.retention_days:
        removed += _expire_sessions(limits.retention_days)
    if limits.audio_retention_days:
        removed += _expire_audio(limits.audio_retention_days)
    if limits.transcript_retention_days:
        with transaction() as db:
            expired = retention_queries.expire_transcripts(db, limits.transcript_retention_days)
            for session_id in expired:
                audit.record(db, Action.EXPIRED, RECONCILER, session_id=session_id, detail="transcript")
        removed += len(expired)
    if limits.history_retention_days:
        with transaction() as db:
            removed += retention_queries.expire_history(db, limits.history_retention_days)
    return removed


def _expire_sessions(days: float) -> int:
    with transaction() as db:
        old = retention_queries.past_retention(db, days)
    for session_id in old:
        with suppress(SessionNotFound, NotPossible):  # another reconciler, or its coach, was first
            delete(session_id)
            with transaction() as db:
                audit.record(db, Action.EXPIRED, RECONCILER, session_id=session_id, detail="session")
            log.info("Session %s was deleted: its retention is over", session_id)
    return len(old)


def _expire_audio(days: float) -> int:
    with transaction() as db:
        expired = retention_queries.expire_audio(db, days)
        for session_id in expired:
            audit.record(db, Action.EXPIRED, RECONCILER, session_id=session_id, detail="recording")
    for session_id, uri in expired.items():  # after the commit; what is left behind is swept, since nothing names it
        audio_store().delete(uri)
        log.info("The recording of session %s was deleted: its retention is over", session_id)
    return len(expired)
