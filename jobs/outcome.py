"""What becomes of an attempt that did not complete: the one table from an error's kind to the session's next state."""

import logging
import random
import uuid

from jobs import messages
from jobs.claim import Claim
from jobs.errors import ErrorKind, PoisonSession, TranscriptDeskError, WorkerLost
from store import checkpoints, outcomes
from store.database import transaction
from store.outcomes import Cause
from store.schema import CoachingSession
from store.session_queries import SessionRecord, by_id
from store.settings import settings

FRUITLESS_DEATHS = 3  # in a row, without a chunk finished: then the recording itself is the likely cause
INSTALLATION_WAIT_SEC = 60.0
NEVER_RETRIED = frozenset({ErrorKind.USER, ErrorKind.PERMANENT, ErrorKind.POISON})
log = logging.getLogger(__name__)


def cause_of(error: TranscriptDeskError) -> Cause:
    return Cause(error.code, error.kind.value, error.sentence)


def backoff_sec(failures: int) -> float:
    """Seconds until the next try after this many failures: doubling, capped, with jitter of up to a fifth."""
    wait = min(settings().retry_base_sec * 2 ** max(failures - 1, 0), settings().retry_cap_sec)
    return float(wait * random.uniform(0.8, 1.0))


def settle_error(session_id: uuid.UUID, claim_no: int, error: TranscriptDeskError, *, actor: str) -> bool:
    """Fail the session or hand it back to the queue, as the error's kind says; False when the claim was lost.

    user, permanent, poison: failed. retryable: back in the queue with backoff until `MAX_FAILURES`, then failed.
    installation: back in the queue in a minute, and no try is used up, since the recording is not to blame.
    """
    log.warning("Attempt ended: %s", error)
    with transaction() as db:
        record = by_id(db, session_id)
        if record is None:
            return False
        last_try = error.kind is ErrorKind.RETRYABLE and record.failures + 1 >= settings().max_failures
        if error.kind in NEVER_RETRIED or last_try:
            return outcomes.fail(
                db,
                session_id,
                cause=cause_of(error),
                message=messages.failed(error.kind.value),
                actor=actor,
                claim_no=claim_no,
            )
        blameless = error.kind is ErrorKind.INSTALLATION
        return outcomes.release(
            db,
            session_id,
            claim_no,
            cause=cause_of(error),
            message=messages.TRYING_AGAIN,
            actor=actor,
            wait_sec=INSTALLATION_WAIT_SEC if blameless else backoff_sec(record.failures + 1),
            changes={} if blameless else {"failures": CoachingSession.failures + 1},
        )


def settle_stopping(claim: Claim) -> bool:
    """Hand the session back because its worker is being stopped: no try is used up, and nothing waits for a lease."""
    log.info("The worker is being stopped: session %s goes back to the queue", claim.session_id)
    with transaction() as db:
        return outcomes.release(
            db,
            claim.session_id,
            claim.claim_no,
            cause=cause_of(WorkerLost()),
            message=messages.WORKER_LOST,
            actor=claim.worker,
            wait_sec=0.0,
            outcome="lost",
        )


def settle_lost(record: SessionRecord, *, actor: str, seen_dead: bool = False) -> bool:
    """Take a session from a worker that stopped: back in the queue at once, or failed when it keeps killing workers.

    Its lease has to be over, unless someone has seen it die.

    A death after which a finished chunk remains costs nothing, since the next attempt goes on from there; the third
    in a row without one makes it poison. False when the worker was still alive after all, or someone was first.
    """
    over = None if seen_dead else outcomes.lease_is_over(settings().lease_sec)
    with transaction() as db:
        fruitless = 0 if checkpoints.finished_any(db, record.id, record.claim_no) else record.fruitless_deaths + 1
        if fruitless >= FRUITLESS_DEATHS:
            return outcomes.fail(
                db,
                record.id,
                cause=cause_of(PoisonSession()),
                message=messages.failed(ErrorKind.POISON.value),
                actor=actor,
                claim_no=record.claim_no,
                where=over,
            )
        return outcomes.release(
            db,
            record.id,
            record.claim_no,
            cause=cause_of(WorkerLost()),
            message=messages.WORKER_LOST,
            actor=actor,
            wait_sec=backoff_sec(fruitless) if fruitless > 1 else 0.0,
            outcome="lost",
            changes={"fruitless_deaths": fruitless},
            where=over,
        )
