"""What a person does to a session: retry, cancel, give up, delete. Each is a transition with its history."""

import uuid
from collections.abc import Callable

from sqlalchemy.orm import Session

from jobs import doorbell, messages
from jobs.errors import GivenUp, WorkerLost
from jobs.outcome import cause_of
from jobs.session_view import percent_now
from store import intake, outcomes, remote_operations
from store.audio import audio_store
from store.database import transaction
from store.session_queries import SessionRecord, by_id
from store.states import LOOKS, Status


class NotPossible(Exception):
    """The session's state does not allow this."""


class SessionNotFound(LookupError):
    """There is no such session."""


def retry(session_id: uuid.UUID, *, actor: str, owner: str | None = None) -> None:
    """Queue a failed or cancelled session again; what is finished of it is kept. NotPossible, SessionNotFound."""
    _act(
        session_id,
        owner,
        lambda db, _: outcomes.retry(db, session_id, message=messages.WAITING, actor=actor),
        "Only a failed or cancelled session can be tried again",
    )
    doorbell.ring()


def cancel(session_id: uuid.UUID, *, actor: str, owner: str | None = None) -> None:
    """Cancel a waiting or running session; a running engine stops within seconds. NotPossible, SessionNotFound."""
    _act(
        session_id,
        owner,
        lambda db, seen: outcomes.cancel(
            db, session_id, message=messages.CANCELLED, actor=actor, progress=percent_now(seen)
        ),
        "Only a waiting or running session can be cancelled",
    )


def requeue(session_id: uuid.UUID, *, actor: str) -> None:
    """Take a session from a worker that does not move, and queue it again; ring for one that waits unheard.

    What is finished of it is kept; a worker that still lives loses its claim and stops. NotPossible, SessionNotFound.
    """

    def act(db: Session, record: SessionRecord) -> bool:
        if record.status is Status.PENDING:
            return True
        return outcomes.release(
            db,
            session_id,
            record.claim_no,
            cause=cause_of(WorkerLost()),
            message=messages.WAITING,
            actor=actor,
            wait_sec=0.0,
            outcome="lost",
        )

    _act(session_id, None, act, "Only a waiting or running session can be queued again")
    doorbell.ring()


def give_up(session_id: uuid.UUID, *, actor: str) -> None:
    """Fail a session that does not move, so that its coach can act. NotPossible, SessionNotFound."""
    _act(
        session_id,
        None,
        lambda db, seen: outcomes.fail(
            db,
            session_id,
            cause=cause_of(GivenUp()),
            message=messages.FAILED,
            actor=actor,
            before=(Status.PENDING, Status.PROCESSING),
            progress=percent_now(seen),
        ),
        "Only a waiting or running session can be failed",
    )


def delete(session_id: uuid.UUID, *, owner: str | None = None) -> None:
    """Remove a session, its transcript and its audio. NotPossible while it runs, SessionNotFound."""
    uris: list[str] = []

    def remove(db: Session, _: SessionRecord) -> bool:
        converted = remote_operations.converted_audio(db, session_id)
        uri = intake.delete_session(db, session_id, owner=owner)
        uris.extend([uri, *converted] if uri else [])
        return uri is not None

    _act(session_id, owner, remove, "A running session cannot be deleted: cancel it first")
    for uri in uris:  # after the commit: a row without its audio cannot exist, audio without a row is swept
        audio_store().delete(uri)


def _act(session_id: uuid.UUID, owner: str | None, act: Callable[[Session, SessionRecord], bool], refusal: str) -> None:
    with transaction() as db:
        before = by_id(db, session_id, owner=owner)
        if before is None:
            raise SessionNotFound(f"There is no session {session_id}.")
        if not act(db, before):
            now = by_id(db, session_id, owner=owner)
            raise NotPossible(f"{refusal}; this one is {LOOKS[now.status if now else before.status].label.lower()}.")
