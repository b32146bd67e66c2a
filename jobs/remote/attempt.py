"""One look at a session that a provider recognises: do what can be done now, then park it, complete it, or fail.

The order that makes a submission happen once: the intent is committed, then submitted, then the operation's name is
committed. Whoever finds an intent without a name searches the provider's operations for the object, and submits again
only when it is certain that there is none.
"""

import logging
import time

from jobs import doorbell, messages
from jobs.claim import Claim
from jobs.completion import complete
from jobs.engines import registry
from jobs.engines.protocol import (
    OperationFailed,
    OperationGone,
    Recognised,
    RemoteAudio,
    RemoteEngine,
    SubmissionUnknown,
)
from jobs.errors import EngineRefused, EngineUnavailable, ProviderBusy, ProviderUnavailable, TranscriptDeskError
from jobs.heartbeat import Heartbeat
from jobs.remote.audio import stretches
from jobs.remote.fuse import fuse
from jobs.remote.ledger import Ledger
from jobs.remote.polling import next_look_sec
from store.audio import audio_store
from store.remote_operations import Operation
from store.settings import settings

STOPPED_SEC = 60.0  # until an engine that refuses us is asked again
STALE_INTENT_SEC = 5.0  # an intent that was not submitted by then may have been taken over
FUSE_SHARE = 0.5  # of the time after which others submit again: nothing of ours is on its way then
log = logging.getLogger(__name__)


def advance(claim: Claim, heartbeat: Heartbeat) -> None:
    """Take every operation of the session one step further. Raises `ClaimLost`, and the error that ends the attempt."""
    look = Look(claim, heartbeat)
    waits = [wait for operation in look.unfinished() if (wait := look.step(operation)) is not None]
    if waits:
        look.park(min(waits))
    else:
        complete(claim)
        look.remove_converted()


class Look:
    """What a worker does while it holds a session of a remote engine. `done_sec`: seconds of audio, as far as known."""

    def __init__(self, claim: Claim, heartbeat: Heartbeat) -> None:
        self.claim, self.heartbeat = claim, heartbeat
        self.engine: RemoteEngine = registry.remote(claim.engine)
        self.ledger = Ledger(claim)
        self.done_sec = 0.0

    def unfinished(self) -> list[Operation]:
        """The latest operation of every stretch that has no words yet; planned now where nothing was planned before."""
        if not self.ledger.operations():
            self.ledger.plan(stretches(self.engine, self.ledger.record, self.claim, self.heartbeat))
        operations, finished = self.ledger.operations(), self.ledger.finished_starts()
        self.heartbeat.total_sec = operations[-1].end_sec
        self.done_sec = sum(_audio_sec(operation) for operation in operations if operation.start_sec in finished)
        return [operation for operation in operations if operation.start_sec not in finished]

    def step(self, operation: Operation) -> float | None:
        """One operation one step further; seconds until its next look, or None when its words are there."""
        self.heartbeat.check()
        if operation.outcome is not None:  # ended without words: once more, as a new operation
            operation = self.ledger.again(operation)
        try:
            return self._step(operation)
        except OperationGone:
            self.ledger.ended(operation, "gone" if operation.cancel_age_sec is None else "cancelled")
            return 0.0
        except OperationFailed as failed:
            self.ledger.ended(operation, "failed")
            if isinstance(failed.error, EngineRefused):
                self.ledger.stop_engine(failed.error, STOPPED_SEC)
            raise failed.error from failed
        except (ProviderBusy, ProviderUnavailable) as error:
            return self._not_served(operation, error)
        except (EngineRefused, EngineUnavailable) as error:
            self.ledger.stop_engine(error, STOPPED_SEC)
            if operation.name is None:
                raise
            return STOPPED_SEC  # what is under way there goes on meanwhile
        except TranscriptDeskError as error:
            if operation.intended_age_sec is not None:
                return self._not_served(operation, error)  # the question was refused; what it is about may go on
            self.ledger.ended(operation, "failed")
            raise

    def _step(self, operation: Operation) -> float | None:
        if operation.name is not None:
            return self._poll(operation, operation.name)
        if operation.intended_age_sec is None:
            return self._submit(operation)
        name = self.engine.find(operation.audio_uri, self.ledger.names(operation))
        if name is not None:
            log.info("Found the operation of an earlier submission: %s", name)
            return self._poll(self.ledger.accepted(operation, name), name)
        if operation.intended_age_sec < settings().unknown_submission_sec:
            return settings().poll_sec  # it may still arrive
        self.ledger.ended(operation, "never")
        return 0.0

    def _submit(self, operation: Operation) -> float:
        begun, begun_clock = time.monotonic(), time.time()
        self.ledger.intend(operation)
        self.heartbeat.check()
        try:
            with fuse(FUSE_SHARE * settings().unknown_submission_sec):
                if max(time.monotonic() - begun, time.time() - begun_clock) > STALE_INTENT_SEC:
                    return 0.0  # this process stood still: look again who holds the session before anything is paid for
                name = self.engine.submit(self._audio(operation))
        except SubmissionUnknown as error:
            log.warning("Nobody knows whether the operation was accepted: %s", error.__cause__ or error)
            self.ledger.say(messages.PROVIDER_AWAY)
            return settings().poll_sec
        except TranscriptDeskError:
            self.ledger.not_accepted(operation)
            raise
        self.ledger.accepted(operation, name)
        self._served()
        return next_look_sec(_audio_sec(operation))

    def _poll(self, operation: Operation, name: str) -> float | None:
        if operation.cancel_age_sec is not None:  # cancelled, then wanted again: what has come of it?
            self.engine.cancel(name)
        answer = self.engine.poll(name, self._audio(operation))
        self._served()
        audio_sec = _audio_sec(operation)
        if isinstance(answer, Recognised):
            self.ledger.recognised(operation, [s.shifted(operation.start_sec).to_json() for s in answer.segments])
            self.done_sec += audio_sec
            return None
        self.ledger.reported(operation, answer.percent)
        self.done_sec += audio_sec * (answer.percent or 0) / 100
        return next_look_sec(audio_sec) if operation.cancel_age_sec is None else settings().poll_sec

    def _not_served(self, operation: Operation, error: TranscriptDeskError) -> float:
        log.warning("%s", error)
        self.ledger.say(messages.PROVIDER_BUSY if isinstance(error, ProviderBusy) else messages.PROVIDER_AWAY)
        self.done_sec += _audio_sec(operation) * (operation.percent or 0) / 100
        return next_look_sec(_audio_sec(operation), self.ledger.refused(operation))

    def _served(self) -> None:
        self.ledger.say(messages.PROCESSING)
        self.ledger.engine_serves()

    def park(self, wait_sec: float) -> None:
        """Let the worker go, until the next look."""
        processed_sec = max(self.done_sec, self.claim.resumed_sec)
        percent = self.claim.percent(processed_sec, self.heartbeat.total_sec)
        self.ledger.park(wait_sec=wait_sec, processed_sec=processed_sec, progress=percent)
        if wait_sec == 0:
            doorbell.ring()

    def remove_converted(self) -> None:
        """The parts that were made for the provider are not needed any more; what cannot be removed now is swept."""
        for uri in self.ledger.converted_audio():
            try:
                audio_store().delete(uri)
            except OSError as error:
                log.warning("%s is left for the sweep: %s", uri, error)

    def _audio(self, operation: Operation) -> RemoteAudio:
        record = self.ledger.record
        apart = record.speaker_channels
        channels = (2 if apart else 1) if operation.converted else record.audio_channels
        return RemoteAudio(operation.audio_uri, _audio_sec(operation), record.language, channels, apart)


def _audio_sec(operation: Operation) -> float:
    return operation.end_sec - operation.start_sec
