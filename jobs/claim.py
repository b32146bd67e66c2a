"""A worker's hold on a session: taking the next one, with the expectation that its progress is measured against."""

import time
import uuid
from dataclasses import dataclass

from jobs import board, messages, progress
from jobs.engines import registry
from store.claims import next_turn, take
from store.database import transaction
from store.parking import take_parked


@dataclass(frozen=True)
class Claim:
    """What the worker holds. Every write names `claim_no`; `claimed_at` is this process's monotonic clock.

    A parked session that is looked at goes on with its attempt: `elapsed_before_sec` is how long that had run before.
    """

    session_id: uuid.UUID
    claim_no: int
    engine: str
    audio_uri: str
    duration_total: float
    expected_sec: float
    resumed_sec: float
    worker: str
    claimed_at: float
    processed_sec: float = 0.0
    elapsed_before_sec: float = 0.0
    remote: bool = False  # a provider recognises it
    model: str = ""  # of an engine that has several
    language: str = "en"  # the session's tag, or DETECT
    language_known: bool = False  # which language is heard was told by an earlier attempt
    speakers: str = "one"
    speaker_channels: bool = False

    def percent(self, processed_sec: float, total_sec: float) -> int:
        """The percentage at this moment of the attempt."""
        return progress.percent(
            processed_sec=processed_sec,
            total_sec=total_sec,
            elapsed_sec=self.elapsed_before_sec + time.monotonic() - self.claimed_at,
            expected_sec=self.expected_sec,
            resumed_sec=self.resumed_sec,
            reported=not self.remote or processed_sec > self.resumed_sec,
        )


def claim_next(*, worker: str, job_id: str) -> Claim | None:
    """Claim a parked session that is to be looked at, or else the session whose turn it is; None when none is due or
    someone was first."""
    return claim_parked(worker=worker, job_id=job_id) or claim_waiting(worker=worker, job_id=job_id)


def claim_waiting(*, worker: str, job_id: str, remote_only: bool = False) -> Claim | None:
    """Claim the session whose turn it is, with `remote_only` if a provider is to recognise it; None when none is due or
    someone was first."""
    begun = time.monotonic()
    with transaction() as db:
        turn = next_turn(db)
        if turn is None or (remote_only and not registry.is_remote(turn.engine)):
            return None
        expected = board.expectation(db, turn.engine, turn.duration_total)
        model = registry.engine_model(turn.engine)
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
                "model": model,
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
        processed_sec=turn.checkpointed_sec,
        remote=registry.is_remote(turn.engine),
        model=model,
        language=turn.language,
        language_known=turn.language_known,
        speakers=turn.speakers,
        speaker_channels=turn.speaker_channels,
    )


def claim_parked(*, worker: str, job_id: str) -> Claim | None:
    """Claim the parked session that is to be looked at; None when none is due."""
    begun = time.monotonic()
    with transaction() as db:
        parked = take_parked(db, worker=worker, job_id=job_id)
    if parked is None:
        return None
    return Claim(
        session_id=parked.session_id,
        claim_no=parked.claim_no,
        engine=parked.engine,
        audio_uri=parked.audio_uri,
        duration_total=parked.duration_total,
        expected_sec=parked.expected_sec,
        resumed_sec=parked.resumed_sec,
        worker=worker,
        claimed_at=begun,
        processed_sec=parked.duration_processed,
        elapsed_before_sec=parked.elapsed_sec,
        remote=True,
    )
