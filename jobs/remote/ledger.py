"""What a worker writes of a provider's operations while it holds their session. Every write is fenced by the claim and
is repeated while Postgres is away; `ClaimLost` when somebody else holds the session, or nobody."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from jobs import estimates_made
from jobs.claim import Claim
from jobs.errors import TranscriptDeskError
from jobs.heartbeat import ClaimLost
from jobs.patience import patiently
from store import checkpoints, engine_stops, parking, remote_operations, transitions
from store.database import transaction
from store.remote_operations import Operation, Stretch
from store.schema import CLOCK
from store.session_queries import SessionRecord, by_id

T = TypeVar("T")
log = logging.getLogger(__name__)


class Ledger:
    """The operations of one claim's session."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self.record = self._read()
        self._said = self.record.message

    def operations(self) -> list[Operation]:
        """The latest operation of every stretch, in the order of the recording."""
        return _do(lambda db: remote_operations.latest(db, self._claim.session_id, self._claim.engine))

    def finished_starts(self) -> set[float]:
        """Where the stretches begin whose words are there."""
        chunks = _do(lambda db: checkpoints.finished_chunks(db, self._claim.session_id, self._claim.engine))
        return {start_sec for start_sec, _ in chunks}

    def plan(self, stretches: Sequence[Stretch]) -> None:
        """Operations to come, one a stretch."""
        claim = self._claim
        self._held(lambda db: remote_operations.plan(db, claim.session_id, claim.claim_no, claim.engine, stretches))

    def again(self, operation: Operation) -> Operation:
        """A new operation for the stretch of one that has ended."""
        self.plan([operation.stretch])
        return self._reread(operation)

    def names(self, operation: Operation) -> set[str]:
        """The operations on the same object that are known already."""
        return _do(lambda db: remote_operations.names(db, operation.audio_uri))

    def intend(self, operation: Operation) -> None:
        """It is about to be submitted: from here on the provider may know it."""
        self._change(operation, intended_at=CLOCK)

    def not_accepted(self, operation: Operation) -> None:
        """It was certainly not accepted, so the intent is void."""
        self._change(operation, intended_at=None)

    def accepted(self, operation: Operation, name: str) -> Operation:
        """The provider calls it `name`; the operation as it stands then."""
        self._change(operation, name=name, accepted_at=CLOCK, refusals=0)
        return self._reread(operation)

    def reported(self, operation: Operation, percent: int | None) -> None:
        """What the provider says of it; nothing is written when that is nothing new."""
        if percent != operation.percent or operation.refusals:
            self._change(operation, percent=percent, refusals=0)

    def refused(self, operation: Operation) -> int:
        """A call was not served; how many in a row."""
        self._change(operation, refusals=operation.refusals + 1)
        return operation.refusals + 1

    def recognised(self, operation: Operation, segments: Sequence[dict[str, object]]) -> None:
        """Its words are there: the end of the operation and their checkpoint in one transaction."""
        self._held(lambda db: remote_operations.recognised(db, operation, self._claim.claim_no, segments))

    def ended(self, operation: Operation, outcome: str) -> None:
        """It has ended without words: failed, gone, cancelled or never."""
        self._held(lambda db: remote_operations.end(db, operation, self._claim.claim_no, outcome))

    def say(self, message: str) -> None:
        """A line in the history, when what is to be said has changed."""
        claim = self._claim
        if message != self._said:
            self._held(
                lambda db: transitions.enter_stage(
                    db, claim.session_id, claim.claim_no, message=message, actor=claim.worker
                )
            )
            self._said = message

    def engine_serves(self) -> None:
        """The engine is not stopped any more, if it was."""
        if _do(lambda db: engine_stops.clear(db, self._claim.engine)):
            log.info("Engine %s serves us again", self._claim.engine)

    def stop_engine(self, error: TranscriptDeskError, wait_sec: float) -> None:
        """Nothing is claimed for the engine for so long, and operations see why."""
        log.error("Engine %s is stopped for %.0f s: %s", self._claim.engine, wait_sec, error)
        cause = (error.code, error.sentence, error.detail)
        _do(lambda db: engine_stops.stop(db, self._claim.engine, cause, wait_sec=wait_sec))

    def park(self, *, wait_sec: float, processed_sec: float, progress: int) -> None:
        """Let go of the session until its next look."""
        claim = self._claim
        self._held(
            lambda db: parking.park(
                db,
                claim.session_id,
                claim.claim_no,
                wait_sec=wait_sec,
                processed_sec=processed_sec,
                progress=progress,
            )
        )
        estimates_made.running(claim.session_id)

    def converted_audio(self) -> list[str]:
        """The objects that were made for the provider."""
        return _do(lambda db: remote_operations.converted_audio(db, self._claim.session_id))

    def _change(self, operation: Operation, **facts: object) -> None:
        self._held(lambda db: remote_operations.change(db, operation, self._claim.claim_no, **facts))

    def _reread(self, operation: Operation) -> Operation:
        return next(other for other in self.operations() if other.start_sec == operation.start_sec)

    def _held(self, act: Callable[[Session], bool]) -> None:
        if not _do(act):
            raise ClaimLost

    def _read(self) -> SessionRecord:
        record = _do(lambda db: by_id(db, self._claim.session_id))
        if record is None:
            raise ClaimLost
        return record


def _do(act: Callable[[Session], T]) -> T:
    """`act` in a transaction of its own, however long Postgres is away."""

    def once() -> T:
        with transaction() as db:
            return act(db)

    return patiently(once)
