"""What a reconciler looks for: sessions whose lease ran out, and leftovers that nobody names any more."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from sqlalchemy import Float, case, delete, exists, func, select
from sqlalchemy.orm import Session

from store.outcomes import lease_is_over
from store.provider_schema import RemoteOperation
from store.schema import CLOCK, CoachingSession, Upload
from store.session_queries import SessionRecord, records
from store.states import Status


def lost_sessions(db: Session, lease_sec: float) -> list[SessionRecord]:
    """Processing sessions whose worker has not been heard of for a lease."""
    return records(db, CoachingSession.status == Status.PROCESSING, lease_is_over(lease_sec))


def past_deadline(
    db: Session, factor: float, grace_sec: float, *, patient: Mapping[str, float] = MappingProxyType({})
) -> list[SessionRecord]:
    """Processing sessions whose attempt runs for longer than `grace_sec` and `factor` times the recording; those of
    engines named in `patient` have so many seconds more."""
    more = case(dict(patient), value=CoachingSession.engine, else_=0.0) if patient else 0.0
    longest = CoachingSession.duration_total * factor + grace_sec + more
    running = func.extract("epoch", CLOCK - CoachingSession.started_at)
    return records(db, CoachingSession.status == Status.PROCESSING, running > longest)


def soonest_due_sec(db: Session) -> float | None:
    """Seconds until the next retry, or look at a provider, is due; None when none waits for its time."""
    waits = CoachingSession.finished_at.is_(None) & (CoachingSession.next_run_at > CLOCK)
    soonest = func.extract("epoch", func.min(CoachingSession.next_run_at) - CLOCK).cast(Float)
    seconds: float | None = db.scalars(select(soonest).where(waits)).one()
    return seconds


def is_held(db: Session, session_id: uuid.UUID, claim_no: int) -> bool:
    """Whether this claim is the running one."""
    held = exists().where(
        CoachingSession.id == session_id,
        CoachingSession.claim_no == claim_no,
        CoachingSession.status == Status.PROCESSING,
    )
    return bool(db.scalars(select(held)).one())


def forget_old_uploads(db: Session, keep_hours: float) -> list[str]:
    """Remove uploads that were never started; the URIs of their audio."""
    old = Upload.created_at < CLOCK - timedelta(hours=keep_hours)
    return list(db.scalars(delete(Upload).where(old).returning(Upload.audio_uri)))


def unknown_audio(db: Session, uris: list[str]) -> list[str]:
    """Those of `uris` that neither a session nor an upload names, nor a provider still needs."""
    asked = select(func.unnest(uris).label("uri")).subquery()
    converted = exists().where(
        RemoteOperation.audio_uri == asked.c.uri,
        RemoteOperation.session_id == CoachingSession.id,
        CoachingSession.status != Status.COMPLETED,
        CoachingSession.audio_deleted_at.is_(None),
    )
    kept = exists().where(CoachingSession.audio_uri == asked.c.uri, CoachingSession.audio_deleted_at.is_(None))
    named = kept | exists().where(Upload.audio_uri == asked.c.uri)
    named = named | converted
    return list(db.scalars(select(asked.c.uri).where(~named)))
