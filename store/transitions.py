"""The only place that changes a session's status.

Every transition is a compare-and-set on status (and on `claim_no`, where a worker does it) with its history row in the
same transaction. No row changed means that someone was first; the caller is told, never an exception swallowed.
"""

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, func, insert, select, update
from sqlalchemy.orm import Session

from store.changes import note
from store.schema import CLOCK, Attempt, CoachingSession, ProcessingStatus
from store.states import FINAL, Status, is_legal


class IllegalTransition(ValueError):
    """The state machine has no such transition."""


def transition(
    db: Session,
    session_id: uuid.UUID,
    *,
    before: Collection[Status],
    after: Status,
    message: str,
    actor: str,
    detail: str | None = None,
    claim_no: int | None = None,
    progress: int | None = None,
    where: ColumnElement[bool] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> bool:
    """Take the session from one of `before` to `after`; False when it was in none of them or the claim is not its own.

    `changes` are further columns of the session, set in the same statement. `progress` is the percentage of the history
    row; None: the one reached so far. `where` is a further condition. IllegalTransition is a bug of the caller.
    """
    for status in before:
        if not is_legal(status, after):
            raise IllegalTransition(f"{status} -> {after}")
    finished = CLOCK if after in FINAL else None
    statement = (
        update(CoachingSession)
        .where(CoachingSession.id == session_id, CoachingSession.status.in_(list(before)))
        .values(status=after, finished_at=finished, updated_at=CLOCK, **(changes or {}))
        .returning(CoachingSession.attempt, CoachingSession.claim_no)
    )
    if claim_no is not None:
        statement = statement.where(CoachingSession.claim_no == claim_no)
    if where is not None:
        statement = statement.where(where)
    row = db.execute(statement).one_or_none()
    if row is None:
        return False
    note(db)
    db.execute(
        insert(ProcessingStatus).values(
            session_id=session_id,
            status=after,
            progress=reached(session_id) if progress is None else progress,
            message=message,
            detail=detail,
            actor=actor,
            attempt=row.attempt,
            claim_no=row.claim_no,
        )
    )
    return True


def created(db: Session, session_id: uuid.UUID, *, message: str, actor: str) -> None:
    """The first history row, in the transaction that inserts the session."""
    note(db)
    db.execute(
        insert(ProcessingStatus).values(
            session_id=session_id,
            status=Status.PENDING,
            progress=0,
            message=message,
            actor=actor,
            attempt=0,
            claim_no=0,
        )
    )


def enter_stage(db: Session, session_id: uuid.UUID, claim_no: int, *, message: str, actor: str) -> bool:
    """Begin a stage of a running attempt, with a history row; False when the claim is no longer held."""
    held = (
        select(CoachingSession.attempt)
        .where(
            CoachingSession.id == session_id,
            CoachingSession.claim_no == claim_no,
            CoachingSession.status == Status.PROCESSING,
        )
        .with_for_update()
    )
    attempt = db.scalars(held).one_or_none()
    if attempt is None:
        return False
    db.execute(
        insert(ProcessingStatus).values(
            session_id=session_id,
            status=Status.PROCESSING,
            progress=reached(session_id),
            message=message,
            actor=actor,
            attempt=attempt,
            claim_no=claim_no,
        )
    )
    return True


def record_progress(
    db: Session,
    session_id: uuid.UUID,
    claim_no: int,
    *,
    processed_sec: float,
    progress: int,
    pace: float | None = None,
    pace_reports: float | None = None,
    begun_sec: float | None = None,
) -> bool:
    """A heartbeat with the facts so far; False when the claim is no longer held (fenced or cancelled): stop at once.

    `pace`: seconds of processing a second of audio lately, from so many reports. `begun_sec`: what is done once the
    chunk under way is, of an engine whose chunks are done at once; None leaves it as it is.
    """
    begun = {} if begun_sec is None else {"duration_begun": begun_sec}
    beat = db.execute(
        update(CoachingSession)
        .where(
            CoachingSession.id == session_id,
            CoachingSession.claim_no == claim_no,
            CoachingSession.status == Status.PROCESSING,
        )
        .values(
            heartbeat_at=CLOCK,
            updated_at=CLOCK,
            duration_processed=func.greatest(CoachingSession.duration_processed, processed_sec),
            moved_at=case((CoachingSession.duration_processed < processed_sec, CLOCK), else_=CoachingSession.moved_at),
            recent_pace=pace,
            recent_reports=pace_reports,
            **begun,
        )
        .returning(CoachingSession.id)
    ).one_or_none()
    if beat is None:
        return False
    db.execute(
        update(ProcessingStatus)
        .where(ProcessingStatus.id == _last_row(session_id))
        .values(progress=func.greatest(ProcessingStatus.progress, min(progress, 99)), updated_at=CLOCK)
    )
    return True


def close_attempt(
    db: Session, session_id: uuid.UUID, *, outcome: str, error_code: str | None = None, error_text: str | None = None
) -> None:
    """Write how the running attempt of the session ended; nothing happens when none is running."""
    processed = select(CoachingSession.duration_processed).where(CoachingSession.id == session_id).scalar_subquery()
    db.execute(
        update(Attempt)
        .where(Attempt.session_id == session_id, Attempt.finished_at.is_(None))
        .values(
            finished_at=CLOCK,
            outcome=outcome,
            error_code=error_code,
            error_text=error_text,
            processed_sec=processed,
            recognised_at=func.now() if outcome == "completed" else None,  # when this transaction began to save
        )
    )


def reached(session_id: uuid.UUID) -> Any:
    """SQL for the percentage that the session's last history row shows, below 100."""
    last = select(ProcessingStatus.progress).where(ProcessingStatus.id == _last_row(session_id)).scalar_subquery()
    return func.least(func.coalesce(last, 0), 99)  # the other way round LEAST would ignore a null


def _last_row(session_id: uuid.UUID) -> Any:
    return (
        select(ProcessingStatus.id)
        .where(ProcessingStatus.session_id == session_id)
        .order_by(ProcessingStatus.id.desc())
        .limit(1)
        .scalar_subquery()
    )
