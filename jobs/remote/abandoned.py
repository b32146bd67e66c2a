"""Ends operations that nobody waits for any more: their session was cancelled, failed or deleted."""

import logging
from dataclasses import replace

from jobs.engines import registry
from jobs.engines.protocol import OperationFailed, OperationGone, Recognised, RemoteAudio, RemoteEngine
from jobs.errors import TranscriptDeskError
from store import remote_operations
from store.database import transaction
from store.remote_operations import Operation
from store.schema import CLOCK
from store.settings import settings

log = logging.getLogger(__name__)


def end_abandoned() -> int:
    """Ask the provider to end every abandoned operation, or note that it has ended; how many there were."""
    with transaction() as db:
        abandoned = remote_operations.abandoned(db)
    for operation in abandoned:
        try:
            _end(registry.remote(operation.engine), operation)
        except TranscriptDeskError as error:
            log.warning("The operation of session %s has to wait: %s", operation.session_id, error)
    return len(abandoned)


def _end(engine: RemoteEngine, operation: Operation) -> None:
    name = operation.name
    if name is None:
        name = _found(engine, operation)
        if name is None:
            return
        operation = replace(operation, name=name)
    if operation.cancel_age_sec is None:
        _cancel(engine, operation, name)
        return
    audio_sec = operation.end_sec - operation.start_sec
    try:
        answer = engine.poll(name, RemoteAudio(operation.audio_uri, audio_sec, "", 1, False))
    except OperationGone:
        _change(operation, ended_at=CLOCK, outcome="cancelled")
    except OperationFailed:
        _change(operation, ended_at=CLOCK, outcome="failed")
    else:
        if isinstance(answer, Recognised) and operation.percent == 100:  # seen before: its session was deleted
            _change(operation, ended_at=CLOCK, outcome="recognised")
        elif isinstance(answer, Recognised):  # it was faster: kept for a retry, which then costs nothing
            _change(operation, percent=100)
        elif operation.cancel_age_sec > settings().poll_cap_sec:
            engine.cancel(name)


def _cancel(engine: RemoteEngine, operation: Operation, name: str) -> None:
    """Written before it is done: a retry that comes in between knows then that the operation may end."""
    if not _change(operation, cancel_requested_at=CLOCK):
        return  # somebody wants it again
    try:
        engine.cancel(name)
    except TranscriptDeskError:
        _change(operation, cancel_requested_at=None)
        raise
    log.info("Cancelled operation %s: nobody waits for it", name)


def _found(engine: RemoteEngine, operation: Operation) -> str | None:
    """The name of an operation that was perhaps accepted, once it is written; one that certainly was not is ended."""
    if operation.intended_age_sec is None:
        _change(operation, ended_at=CLOCK, outcome="never")
        return None
    with transaction() as db:
        known = remote_operations.names(db, operation.audio_uri)
    name = engine.find(operation.audio_uri, known)
    if name is not None:
        return name if _change(operation, name=name, accepted_at=CLOCK) else None
    if operation.intended_age_sec > settings().unknown_submission_sec:
        _change(operation, ended_at=CLOCK, outcome="never")
    return None


def _change(operation: Operation, **facts: object) -> bool:
    """False when the operation is not abandoned any more, or not as it was read."""
    with transaction() as db:
        return remote_operations.change_abandoned(db, operation, **facts)
