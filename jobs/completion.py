"""The end of an attempt that went well: transcript, status and history in one transaction."""

import logging

from jobs import messages
from jobs.claim import Claim
from jobs.heartbeat import ClaimLost
from jobs.patience import patiently
from jobs.speakers.names import carry_names
from store import checkpoints, outcomes
from store.database import transaction
from store.session_queries import by_id
from store.states import Status

log = logging.getLogger(__name__)


def complete(claim: Claim) -> None:
    """Make the finished chunks the transcript, and complete the session. Raises `ClaimLost`."""
    segments = patiently(lambda: _commit_transcript(claim))
    if segments is None:
        raise ClaimLost
    log.info("Transcription completed: %d segments", segments)
    log.info("Session %s completed successfully", claim.session_id)


def _commit_transcript(claim: Claim) -> int | None:
    """How many segments were committed; None when the claim was lost. Safe to repeat after an unclear COMMIT."""
    with transaction() as db:
        segments = outcomes.complete(
            db, claim.session_id, claim.claim_no, engine=claim.engine, message=messages.COMPLETED, actor=claim.worker
        )
        if segments is not None:
            carry_names(db, claim.session_id)
            return segments
        now = by_id(db, claim.session_id)
        ours = now is not None and now.status is Status.COMPLETED and now.claim_no == claim.claim_no
        return checkpoints.written_segments(db, claim.session_id) if ours else None
