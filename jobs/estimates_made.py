"""Keeps the estimates that are shown at fixed points of a session's life, so that they can be scored later."""

import uuid
from bisect import bisect_right

from sqlalchemy.orm import Session

from jobs import board
from jobs.estimate import FRACTIONS, SUBMITTED, Remaining, Shown
from store.estimates import Made, record, recorded_fraction
from store.session_queries import SessionRecord, by_id
from store.states import Status


def reached(processed_sec: float, total_sec: float, resumed_sec: float) -> float:
    """The last of the fixed fractions that so much of an attempt's work has reached."""
    fraction = Shown(processed_sec, total_sec, 0.0, resumed_sec).fraction
    return FRACTIONS[bisect_right(FRACTIONS, fraction) - 1]


def at_submission(db: Session, session_id: uuid.UUID) -> None:
    """In the transaction that queues it: the estimate of a new session, its wait included."""
    found = by_id(db, session_id)
    if found is None:
        return
    left = board.left_of(db, found)
    if left is not None:
        _keep(db, found, SUBMITTED, left)


def while_running(db: Session, session_id: uuid.UUID) -> None:
    """In the transaction of a heartbeat: the estimate at a fixed fraction, the first time that it is reached."""
    found = by_id(db, session_id)
    if found is None or found.status is not Status.PROCESSING:
        return
    at = reached(found.duration_processed, found.duration_total, found.resumed_sec or 0.0)
    known = recorded_fraction(db, session_id, found.attempt)
    if known is not None and known >= at:
        return
    left = board.left_of(db, found)
    if left is not None:
        _keep(db, found, at, left)


def _keep(db: Session, found: SessionRecord, fraction: float, left: Remaining) -> None:
    record(
        db,
        Made(
            session_id=found.id,
            attempt=found.attempt,
            fraction=fraction,
            raw_sec=left.raw_sec,
            estimated_sec=left.sec,
            low_sec=left.low_sec,
            high_sec=left.high_sec,
            sessions=left.sessions,
        ),
    )
