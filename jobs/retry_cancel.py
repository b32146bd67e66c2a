"""What a person does to a session: retry, cancel, give up, delete. Each is a transition with its history.

`person` is whoever asks: another coach's session is not there for them, and what they do goes on record. Without one it
is the product itself, under the name `actor`.
"""

import uuid
from collections.abc import Callable

from sqlalchemy.orm import Session

from jobs import doorbell, messages, policy
from jobs.errors import GivenUp, WorkerLost
from jobs.outcome import cause_of
from jobs.policy import Person, on_behalf_of, scope_of
from jobs.session_view import percent_now
from store import audit, intake, outcomes, remote_operations
from store.audio import audio_store
from store.audit import Action
from store.session_queries import SessionRecord, by_id
from store.states import LOOKS, Status

Act = Callable[[Session, SessionRecord, str], bool]


class NotPossible(Exception):
    """The session's state does not allow this."""


class SessionNotFound(LookupError):
    """There is no such session."""


def retry(session_id: uuid.UUID, *, actor: str = "", person: Person | None = None) -> None:
    """Queue a failed or cancelled session again; what is finished of it is kept. NotPossible, SessionNotFound."""

    def act(db: Session, seen: SessionRecord, by: str) -> bool:
        if seen.audio_deleted_at is not None:
            raise NotPossible(f"Its recording was removed on {seen.audio_deleted_at:%Y-%m-%d}: please upload it again.")
        return outcomes.retry(db, session_id, message=messages.WAITING, actor=by)

    _act(
        session_id,
        (actor, person),
        act,
        Action.RETRIED,
        "Only a failed or cancelled session can be tried again",
    )
    doorbell.ring()


def cancel(session_id: uuid.UUID, *, actor: str = "", person: Person | None = None) -> None:
    """Cancel a waiting or running session; a running engine stops within seconds. NotPossible, SessionNotFound."""
    _act(
        session_id,
        (actor, person),
        lambda db, seen, by: outcomes.cancel(
            db, session_id, message=messages.CANCELLED, actor=by, progress=percent_now(seen)
        ),
        Action.CANCELLED,
        "Only a waiting or running session can be cancelled",
    )


def requeue(session_id: uuid.UUID, *, actor: str = policy.OPERATIONS, person: Person | None = None) -> None:
    """Take a session from a worker that does not move, and queue it again; ring for one that waits unheard.

    What is finished of it is kept; a worker that still lives loses its claim and stops. NotPossible, SessionNotFound,
    and NotAllowed for a coach.
    """
    policy.require(person, policy.Action.MEND)

    def act(db: Session, record: SessionRecord, by: str) -> bool:
        if record.status is Status.PENDING:
            return True
        return outcomes.release(
            db,
            session_id,
            record.claim_no,
            cause=cause_of(WorkerLost()),
            message=messages.WAITING,
            actor=by,
            wait_sec=0.0,
            outcome="lost",
        )

    _act(
        session_id,
        (actor, person),
        act,
        Action.REQUEUED,
        "Only a waiting or running session can be queued again",
        anybodys=True,
    )
    doorbell.ring()


def give_up(session_id: uuid.UUID, *, actor: str = policy.OPERATIONS, person: Person | None = None) -> None:
    """Fail a session that does not move, so that its coach can act. NotPossible, SessionNotFound, NotAllowed."""
    policy.require(person, policy.Action.MEND)
    _act(
        session_id,
        (actor, person),
        lambda db, seen, by: outcomes.fail(
            db,
            session_id,
            cause=cause_of(GivenUp()),
            message=messages.FAILED,
            actor=by,
            before=(Status.PENDING, Status.PROCESSING),
            progress=percent_now(seen),
        ),
        Action.GIVEN_UP,
        "Only a waiting or running session can be failed",
        anybodys=True,
    )


def delete(session_id: uuid.UUID, *, person: Person | None = None) -> None:
    """Remove a session, its transcript and its audio. NotPossible while it runs, SessionNotFound."""
    uris: list[str] = []

    def remove(db: Session, _: SessionRecord, _by: str) -> bool:
        converted = remote_operations.converted_audio(db, session_id)
        uri = intake.delete_session(db, session_id, owner=scope_of(person))
        uris.extend([uri, *converted] if uri else [])
        return uri is not None

    refusal = "A running session cannot be deleted: cancel it first"
    _act(session_id, ("", person), remove, Action.DELETED, refusal)
    for uri in uris:  # after the commit: a row without its audio cannot exist, audio without a row is swept
        audio_store().delete(uri)


def _act(
    session_id: uuid.UUID,
    who: tuple[str, Person | None],
    act: Act,
    action: Action,
    refusal: str,
    *,
    anybodys: bool = False,
) -> None:
    """`anybodys`: operations does this, so the local person may do it to sessions of another OWNER too."""
    actor, person = who
    owner = None if anybodys else scope_of(person)
    with on_behalf_of(person) as db:
        before = by_id(db, session_id, owner=owner)
        if before is None:
            raise SessionNotFound(f"There is no session {session_id}.")
        by = actor
        if person is not None:
            by = policy.OPERATIONS if anybodys else person.acts_as(before.owner)
        if not act(db, before, by):
            now = by_id(db, session_id, owner=owner)
            raise NotPossible(f"{refusal}; this one is {LOOKS[now.status if now else before.status].label.lower()}.")
        if person is not None:
            audit.record(db, action, person.actor, session_id=session_id)
