"""Who may do what: the one place that says it, for pages and API alike. Row-level security holds the same below it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from store.audit import Actor
from store.database import transaction
from store.scope import Role, Scope
from store.settings import settings

OPERATIONS = "operations"  # what a coach reads of whoever mended their session


class Action(StrEnum):
    """What a person may want."""

    SEE = "see"  # a session and all about it
    CHANGE = "change"  # retry, cancel or delete it
    MEND = "mend"  # queue it anew, give it up, try an engine; all coaches' stalled sessions
    PEOPLE = "people"  # accounts and their roles
    AUDIT = "audit"


OWN = frozenset({Action.SEE, Action.CHANGE})


@dataclass(frozen=True)
class Person:
    """Whoever asks, as they were when they asked. `address` is where from; `local`: the one person without sign-in."""

    account_id: str
    name: str
    email: str
    role: Role
    local: bool = False
    address: str | None = None

    @property
    def is_ops(self) -> bool:
        return self.role is Role.OPS

    @property
    def scope(self) -> Scope:
        """For `store.database.transaction`."""
        return Scope(self.account_id, self.role)

    @property
    def actor(self) -> Actor:
        """For `store.audit.record`."""
        return Actor(self.account_id, self.email, self.address)

    def acts_as(self, owner: str) -> str:
        """The name that a session's history has of them: their own, or that of operations on another's session."""
        return self.name if owner == self.account_id else OPERATIONS


class NotAllowed(Exception):
    """Only operations may do this."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


def local_person() -> Person:
    """The one person while there is no sign-in: coach and ops at once, of the sessions of the OWNER setting."""
    owner = settings().owner
    return Person(owner, owner, "", Role.OPS, local=True)


def scope_of(person: Person | None) -> str | None:
    """Whose sessions they see: an owner's, or None for everybody's. No person at all is the product itself."""
    if person is None or (person.is_ops and not person.local):
        return None
    return person.account_id


def on_behalf_of(person: Person | None) -> AbstractContextManager[Session]:
    """A transaction in which row-level security holds for this person; for the product itself when there is none."""
    return transaction(person.scope if person else None)


def may(person: Person, action: Action, owner: str | None = None) -> bool:
    """Whether the person may do this to what belongs to `owner`."""
    return person.is_ops or (action in OWN and owner == person.account_id)


def require(person: Person | None, action: Action) -> None:
    """NotAllowed unless the person may do this to everybody's sessions; the product itself may."""
    if person is not None and not may(person, action):
        raise NotAllowed
