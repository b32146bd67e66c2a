"""Whose turn it is, and taking it: the part of a session's life that two workers could race for."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from store import locks
from store.checkpoints import checkpointed_sec
from store.parking import is_due
from store.schema import CLOCK, Attempt, CoachingSession, ProcessingStatus
from store.states import Status
from store.transitions import transition

FROZEN_MS = 5_000  # a worker that freezes in the middle of its claim lets the others in after this

# Higher priority; then the coach with the fewest sessions processing; then the coach least recently served; then the
# oldest. jobs/queue_position.py says the same in Python, for the position shown; a test holds the two together.
_NEXT = text(
    """
    WITH waiting AS (
        SELECT id, owner, priority, queued_at FROM session
        WHERE status = 'pending' AND (next_run_at IS NULL OR next_run_at <= clock_timestamp())
          AND engine NOT IN (SELECT engine FROM engine_stop WHERE next_try_at > clock_timestamp())
    ), coach AS (
        SELECT owner,
               (SELECT count(*) FROM session busy WHERE busy.status = 'processing' AND busy.owner = o.owner) AS running,
               (SELECT max(started_at) FROM session served WHERE served.owner = o.owner) AS last_served
        FROM (SELECT DISTINCT owner FROM waiting) o
    )
    SELECT waiting.id FROM waiting JOIN coach USING (owner)
    ORDER BY priority DESC, running, last_served NULLS FIRST, queued_at, id
    LIMIT 5
    """
)


@dataclass(frozen=True)
class Turn:
    """The session whose turn it is, locked until the transaction ends."""

    session_id: uuid.UUID
    engine: str
    audio_uri: str
    duration_total: float
    attempt: int
    language: str
    language_known: bool  # an earlier attempt has heard which one it is
    speakers: str
    speaker_channels: bool
    checkpointed_sec: float  # audio that earlier attempts have finished with this engine


def next_turn(db: Session) -> Turn | None:
    """Choose and lock the next session; None when none is due. Holds the lock of claims until the transaction ends."""
    patience = func.set_config("idle_in_transaction_session_timeout", str(FROZEN_MS), True)
    db.execute(select(patience, func.pg_advisory_xact_lock(locks.CLAIM)))
    for session_id in db.scalars(_NEXT).all():
        locked = (
            select(
                CoachingSession.id,
                CoachingSession.engine,
                CoachingSession.audio_uri,
                CoachingSession.duration_total,
                CoachingSession.attempt,
                CoachingSession.language,
                CoachingSession.language_heard.is_not(None),
                CoachingSession.speakers,
                CoachingSession.speaker_channels,
                checkpointed_sec(),
            )
            .where(CoachingSession.id == session_id, CoachingSession.status == Status.PENDING)
            .with_for_update(skip_locked=True)
        )
        row = db.execute(locked).one_or_none()
        if row is not None:  # else a cancellation holds it or has it already
            return Turn(*row)
    return None


def take(
    db: Session,
    turn: Turn,
    *,
    worker: str,
    job_id: str,
    message: str,
    progress: int,
    expectation: dict[str, Any],
) -> int | None:
    """Claim the session of `turn` in the same transaction; its new claim_no, or None when it is no longer pending.

    `expectation` holds the attempt's expected_sec, expected_from, spread and model.
    """
    waited = db.execute(
        select(
            func.greatest(CoachingSession.queued_at, ProcessingStatus.created_at).label("queued_at"),  # as an attempt
            CoachingSession.claim_no,
            ProcessingStatus.actor,
        )
        .join(ProcessingStatus, ProcessingStatus.session_id == CoachingSession.id)
        .where(CoachingSession.id == turn.session_id)
        .order_by(ProcessingStatus.id.desc())
        .limit(1)
    ).one()
    claimed = transition(
        db,
        turn.session_id,
        before={Status.PENDING},
        after=Status.PROCESSING,
        message=message,
        actor=worker,
        progress=progress,
        changes={
            "claim_no": CoachingSession.claim_no + 1,
            "attempt": CoachingSession.attempt + 1,
            "transcription_job_id": job_id,
            "worker": worker,
            "duration_processed": turn.checkpointed_sec,
            "duration_resumed": turn.checkpointed_sec,
            "duration_begun": turn.checkpointed_sec,
            "started_at": CLOCK,
            "heartbeat_at": CLOCK,
            "moved_at": None,
            "recent_pace": None,
            "recent_reports": None,
            "next_run_at": None,
            "error_code": None,  # the last attempt's; its row keeps them
            "error_kind": None,
            "error_text": None,
        },
    )
    if not claimed:
        return None
    beside = select(func.count()).where(
        CoachingSession.status == Status.PROCESSING, CoachingSession.engine == turn.engine
    )
    db.execute(
        insert(Attempt).values(
            session_id=turn.session_id,
            number=turn.attempt + 1,
            claim_no=waited.claim_no + 1,
            engine=turn.engine,
            worker=worker,
            job_id=job_id,
            started_by=waited.actor,
            queued_at=waited.queued_at,
            resumed_sec=turn.checkpointed_sec,
            at_once=beside.scalar_subquery(),
            **expectation,
        )
    )
    claim_no: int = waited.claim_no + 1
    return claim_no


def due_count(db: Session) -> int:
    """Sessions that a worker could claim now: as many doorbells belong in the queue, and no more."""
    return db.scalars(select(func.count()).select_from(CoachingSession).where(is_due())).one()
