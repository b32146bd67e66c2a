"""A worker's hold on a session: taking the next one, with the expectation that its progress is measured against."""

import time
import uuid
from dataclasses import dataclass

from jobs import board, messages, progress
from store.claims import next_turn, take
from store.database import transaction


@dataclass(frozen=True)
class Claim:
    """What the worker holds. Every write names `claim_no`; `claimed_at` is this process's monotonic clock."""

    session_id: uuid.UUID
    claim_no: int
    engine: str
    audio_uri: str
    duration_total: float
    expected_sec: float
    resumed_sec: float
    worker: str
    claimed_at: float

    def percent(self, processed_sec: float, total_sec: float) -> int:
        """The percentage at this moment of the attempt."""
        return progress.percent(
            processed_sec=processed_sec,
            total_sec=total_sec,
            elapsed_sec=time.monotonic() - self.claimed_at,
            expected_sec=self.expected_sec,
            resumed_sec=self.resumed_sec,
        )


def claim_next(*, worker: str, job_id: str) -> Claim | None:
    """Claim the session whose turn it is; None when none is due or someone was first."""
    begun = time.monotonic()
    with transaction() as db:
        turn = next_turn(db)
        if turn is None:
            return None
        expected = board.expectation(db, turn.engine, turn.duration_total)
        claim_no = take(
            db,
            turn,
            worker=worker,
            job_id=job_id,
            message=messages.PREPARING,
            progress=progress.waiting_percent(processed_sec=turn.checkpointed_sec, total_sec=turn.duration_total),
            expectation={
                "expected_sec": expected.expected_sec,
                "expected_from": "history" if expected.learned else "default",
                "spread": expected.spread,
            },
        )
    if claim_no is None:
        return None
    return Claim(
        session_id=turn.session_id,
        claim_no=claim_no,
        engine=turn.engine,
        audio_uri=turn.audio_uri,
        duration_total=turn.duration_total,
        expected_sec=expected.expected_sec,
        resumed_sec=turn.checkpointed_sec,
        worker=worker,
        claimed_at=begun,
    )
