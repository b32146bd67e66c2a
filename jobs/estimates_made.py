"""Keeps the estimates that are shown at fixed points of a session's life, so that they can be scored later.

Each in a transaction of its own, after the one that matters: an upload or a heartbeat never fails because of it.
"""

import logging
import uuid
from bisect import bisect_right
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from jobs import board
from jobs.estimate import FRACTIONS, SUBMITTED, Remaining, Shown
from store.database import transaction
from store.estimates import Made, record, recorded_fraction
from store.session_queries import SessionRecord, by_id
from store.states import Status

log = logging.getLogger(__name__)


def reached(processed_sec: float, total_sec: float, resumed_sec: float) -> float:
    """The last of the fixed fractions that so much of an attempt's work has reached."""
    fraction = Shown(processed_sec, total_sec, 0.0, resumed_sec).fraction
    return FRACTIONS[bisect_right(FRACTIONS, fraction) - 1]


def submitted(session_id: uuid.UUID) -> None:
    """Keep the estimate of a session that was just queued, if the database lets us."""
    _try(at_submission, session_id)


def running(session_id: uuid.UUID) -> None:
    """Keep the estimate of a running session at the fixed fraction that it has reached, if the database lets us."""
    _try(while_running, session_id)


def at_submission(db: Session, session_id: uuid.UUID) -> None:
    """The estimate of a session that waits, the queue included; once."""
    found = by_id(db, session_id)
    if found is None or found.status is not Status.PENDING or found.attempt:
        return
    left = board.left_of(db, found)
    if left is not None:
        _keep(db, found, SUBMITTED, left)


def while_running(db: Session, session_id: uuid.UUID) -> None:
    """The estimate at the fixed fraction that is reached; the first one of an attempt counts."""
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


def _try(keep: Callable[[Session, uuid.UUID], None], session_id: uuid.UUID) -> None:
    try:
        with transaction() as db:
            keep(db, session_id)
    except SQLAlchemyError as error:
        log.warning("An estimate was not kept: %s", str(error).partition("\n")[0])


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
