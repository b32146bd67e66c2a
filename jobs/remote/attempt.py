"""One look at a session that a provider recognises: do what can be done now, then park it, complete it, or fail.

The order that makes a submission happen once: the intent is committed, then submitted, then the operation's name is
committed. Whoever finds an intent without a name searches the provider's operations for the object, and submits again
only when it is certain that there is none.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from jobs import doorbell, messages
from jobs.claim import Claim
from jobs.completion import complete
from jobs.engines import registry
from jobs.engines.protocol import OperationGone, Recognised, RemoteAudio, RemoteEngine, SubmissionUnknown
from jobs.errors import EngineRefused, EngineUnavailable, ProviderBusy, ProviderUnavailable, TranscriptDeskError
from jobs.heartbeat import ClaimLost, Heartbeat
from jobs.patience import patiently
from jobs.remote.audio import stretches
from jobs.remote.polling import next_look_sec
from store import checkpoints, engine_stops, parking, remote_operations, transitions
from store.audio import audio_store
from store.database import transaction
from store.remote_operations import Operation
from store.schema import CLOCK
from store.session_queries import SessionRecord, by_id
from store.settings import settings

STOPPED_SEC = 60.0  # until an engine that refuses us is asked again
STALE_INTENT_SEC = 5.0  # an intent that was not submitted by then may have been taken over
T = TypeVar("T")
log = logging.getLogger(__name__)


def advance(claim: Claim, heartbeat: Heartbeat) -> None:
    """Take every operation of the session one step further. Raises `ClaimLost`, and the error that ends the attempt."""
    look = Look(claim, heartbeat)
    waits = [wait for operation in look.unfinished() if (wait := look.step(operation)) is not None]
    if waits:
        look.park(min(waits))
    else:
        complete(claim)
        _remove_converted(claim)


class Look:
    """What a worker does while it holds a session of a remote engine."""

    def __init__(self, claim: Claim, heartbeat: Heartbeat) -> None:
        self.claim, self.heartbeat = claim, heartbeat
        self.engine: RemoteEngine = registry.remote(claim.engine)
        self.record: SessionRecord = self._record()
        self.message = self.record.message
        self.done_sec = 0.0

    def unfinished(self) -> list[Operation]:
        """The latest operation of every stretch that has no words yet; planned now where nothing was planned before."""
        operations = self._operations()
        if not operations:
            planned = stretches(self.engine, self.record, self.claim, self.heartbeat)
            self._held(
                lambda db: remote_operations.plan(
                    db, self.claim.session_id, self.claim.claim_no, self.claim.engine, planned
                )
            )
            operations = self._operations()
        self.heartbeat.total_sec = operations[-1].end_sec
        finished = _do(lambda db: checkpoints.finished_starts(db, self.claim.session_id, self.claim.engine))
        self.done_sec = sum(o.end_sec - o.start_sec for o in operations if o.start_sec in finished)
        return [operation for operation in operations if operation.start_sec not in finished]

    def step(self, operation: Operation) -> float | None:
        """One operation one step further; seconds until its next look, or None when its words are there."""
        self.heartbeat.check()
        if operation.outcome is not None:  # ended without words: once more, as a new operation
            operation = self._again(operation)
        try:
            if operation.name is None and operation.intended_age_sec is not None:
                found = self._search(operation)
                if found is None and operation.intended_age_sec < settings().unknown_submission_sec:
                    return settings().poll_sec
                operation = found or self._again(operation, "never")
            if operation.name is None:
                return self._submit(operation)
            return self._poll(operation)
        except OperationGone:
            self._end(operation, "gone" if operation.cancel_age_sec is None else "cancelled")
            return 0.0
        except (ProviderBusy, ProviderUnavailable) as error:
            return self._not_served(operation, error)
        except EngineRefused as error:
            self._stop_engine(error)
            if operation.name is None:
                raise
            return STOPPED_SEC
        except EngineUnavailable as error:
            self._stop_engine(error)
            raise
        except (ClaimLost, SubmissionUnknown):
            raise
        except TranscriptDeskError:
            self._end(operation, "failed")
            raise

    def park(self, wait_sec: float) -> None:
        """Let the worker go, until the next look."""
        done_sec = self.heartbeat.processed_sec = max(self.done_sec, self.claim.resumed_sec)

        self._held(
            lambda db: parking.park(
                db,
                self.claim.session_id,
                self.claim.claim_no,
                wait_sec=wait_sec,
                processed_sec=done_sec,
                progress=self.claim.percent(done_sec, self.heartbeat.total_sec),
            )
        )
        if wait_sec == 0:
            doorbell.ring()

    def _search(self, operation: Operation) -> Operation | None:
        """The operation with its name, when the provider knows one on this object."""
        known = _do(lambda db: remote_operations.names(db, operation.audio_uri))
        name = self.engine.find(operation.audio_uri, known)
        if name is None:
            return None
        log.info("Found the operation of an earlier submission: %s", name)
        self._change(operation, name=name, accepted_at=CLOCK, refusals=0)
        return self._reread(operation)

    def _submit(self, operation: Operation) -> float:
        begun, begun_clock = time.monotonic(), time.time()
        self._change(operation, intended_at=CLOCK)
        self.heartbeat.check()
        if max(time.monotonic() - begun, time.time() - begun_clock) > STALE_INTENT_SEC:
            return 0.0  # this process stood still: look again at who holds the session before anything is paid for
        try:
            name = self.engine.submit(self._audio(operation))
        except SubmissionUnknown as error:
            log.warning("Nobody knows whether the operation was accepted: %s", error.__cause__ or error)
            self._change(operation, refusals=operation.refusals + 1)
            self._say(messages.PROVIDER_AWAY)
            return settings().poll_sec
        except TranscriptDeskError:  # certainly not accepted: the intent is void
            self._change(operation, intended_at=None)
            raise
        self._change(operation, name=name, accepted_at=CLOCK, refusals=0)
        self._served()
        return next_look_sec(operation.end_sec - operation.start_sec)

    def _poll(self, operation: Operation) -> float | None:
        assert operation.name is not None
        if operation.cancel_age_sec is not None:  # cancelled, then wanted again: what has come of it?
            self.engine.cancel(operation.name)
        answer = self.engine.poll(operation.name, self._audio(operation))
        audio_sec = operation.end_sec - operation.start_sec
        if isinstance(answer, Recognised):
            words = [segment.shifted(operation.start_sec).to_json() for segment in answer.segments]
            self._held(lambda db: remote_operations.recognised(db, operation, self.claim.claim_no, words))
            self.done_sec += audio_sec
            return None
        if answer.percent != operation.percent or operation.refusals:
            self._change(operation, percent=answer.percent, refusals=0)
        self._served()
        self.done_sec += audio_sec * (answer.percent or 0) / 100
        return settings().poll_sec if operation.cancel_age_sec is not None else next_look_sec(audio_sec)

    def _not_served(self, operation: Operation, error: TranscriptDeskError) -> float:
        log.warning("%s", error)
        refusals = operation.refusals + 1
        self._change(operation, refusals=refusals)
        self._say(messages.PROVIDER_BUSY if isinstance(error, ProviderBusy) else messages.PROVIDER_AWAY)
        audio_sec = operation.end_sec - operation.start_sec
        self.done_sec += audio_sec * (operation.percent or 0) / 100
        return next_look_sec(audio_sec, refusals)

    def _served(self) -> None:
        self._say(messages.PROCESSING)
        if _do(lambda db: engine_stops.clear(db, self.claim.engine)):
            log.info("Engine %s serves us again", self.claim.engine)

    def _stop_engine(self, error: TranscriptDeskError) -> None:
        log.error("Engine %s is stopped for a minute: %s", self.claim.engine, error)
        _do(
            lambda db: engine_stops.stop(
                db,
                self.claim.engine,
                error_code=error.code,
                error_text=error.sentence,
                detail=error.detail,
                wait_sec=STOPPED_SEC,
            )
        )

    def _say(self, message: str) -> None:
        """A line in the history, when what is to be said has changed."""
        if message != self.message:
            self._held(
                lambda db: transitions.enter_stage(
                    db, self.claim.session_id, self.claim.claim_no, message=message, actor=self.claim.worker
                )
            )
            self.message = message

    def _again(self, operation: Operation, outcome: str = "") -> Operation:
        """A new operation for the same stretch; `outcome` is what has become of an open one."""
        if outcome:
            self._end(operation, outcome)
        self._held(
            lambda db: remote_operations.plan(
                db, self.claim.session_id, self.claim.claim_no, self.claim.engine, [operation.stretch]
            )
        )
        return self._reread(operation)

    def _end(self, operation: Operation, outcome: str) -> None:
        self._held(lambda db: remote_operations.end(db, operation, self.claim.claim_no, outcome))

    def _change(self, operation: Operation, **facts: object) -> None:
        self._held(lambda db: remote_operations.change(db, operation, self.claim.claim_no, **facts))

    def _reread(self, operation: Operation) -> Operation:
        return next(other for other in self._operations() if other.start_sec == operation.start_sec)

    def _operations(self) -> list[Operation]:
        return _do(lambda db: remote_operations.latest(db, self.claim.session_id, self.claim.engine))

    def _held(self, act: Callable[[Session], bool]) -> None:
        """A write that is fenced by the claim. Raises `ClaimLost` when it is no longer held."""
        if not _do(act):
            raise ClaimLost

    def _audio(self, operation: Operation) -> RemoteAudio:
        apart = self.record.speaker_channels
        channels = (2 if apart else 1) if operation.converted else self.record.audio_channels
        return RemoteAudio(
            operation.audio_uri, operation.end_sec - operation.start_sec, self.record.language, channels, apart
        )

    def _record(self) -> SessionRecord:
        record = _do(lambda db: by_id(db, self.claim.session_id))
        if record is None:
            raise ClaimLost
        return record


def _remove_converted(claim: Claim) -> None:
    """The parts that were made for the provider are not needed any more; what cannot be removed now is swept."""
    uris = _do(lambda db: remote_operations.converted_audio(db, claim.session_id))
    for uri in uris:
        try:
            audio_store().delete(uri)
        except OSError as error:
            log.warning("%s is left for the sweep: %s", uri, error)


def _do(act: Callable[[Session], T]) -> T:
    """`act` in a transaction of its own, however long Postgres is away."""

    def once() -> T:
        with transaction() as db:
            return act(db)

    return patiently(once)
