"""Who may be here, and as what: for the ops page, and as a command for whoever has the machine.

`python -m jobs.people list`, and `grant`, `revoke`, `disable` or `enable` with an e-mail address (or an account's id).
"""

import sys
from enum import StrEnum

from sqlalchemy.orm import Session

from jobs import policy
from jobs.policy import Person
from store import accounts, audit, logs
from store.accounts import AccountRecord
from store.audit import Action, Actor
from store.database import transaction
from store.scope import Role

COMMAND = Actor("command")


class Change(StrEnum):
    """What can be done to an account."""

    GRANT = "grant"  # make it ops
    REVOKE = "revoke"  # make it a coach
    DISABLE = "disable"
    ENABLE = "enable"


RECORDED = {
    Change.GRANT: Action.GRANTED,
    Change.REVOKE: Action.REVOKED,
    Change.DISABLE: Action.DISABLED,
    Change.ENABLE: Action.ENABLED,
}
DONE = {
    Change.GRANT: "is ops now",
    Change.REVOKE: "is a coach now",
    Change.DISABLE: "is disabled, and out at the next click",
    Change.ENABLE: "may sign in again",
}


class NoSuchAccount(LookupError):
    """There is no account with this e-mail address: accounts are made at the first sign-in."""


class SeveralAccounts(LookupError):
    """Several accounts have this e-mail address: name one by its id."""


class LastOps(ValueError):
    """Nobody else is ops: make somebody else ops first."""


def everyone(person: Person | None = None) -> list[AccountRecord]:
    """All accounts by e-mail address; NotAllowed for a coach."""
    policy.require(person, policy.Action.PEOPLE)
    with transaction() as db:
        return accounts.everyone(db)


def change(what: Change, email_or_id: str, *, person: Person | None = None) -> AccountRecord:
    """Change an account, as this person or as the command; the account as it is then.

    NotAllowed, NoSuchAccount, SeveralAccounts; LastOps when nobody would be left who could undo it (the command may).
    """
    policy.require(person, policy.Action.PEOPLE)
    with transaction() as db:
        account = _named(db, email_or_id)
        if person is not None and what in {Change.REVOKE, Change.DISABLE} and not accounts.other_ops(db, account.id):
            raise LastOps(LastOps.__doc__)
        if _change(db, what, account.id):
            who = person.actor if person else COMMAND
            audit.record(db, RECORDED[what], who, target=account.email or account.id)
        changed = accounts.by_id(db, account.id)
        assert changed is not None  # accounts are never removed
        return changed


def _change(db: Session, what: Change, account_id: str) -> bool:
    if what in {Change.GRANT, Change.REVOKE}:
        return accounts.set_role(db, account_id, Role.OPS if what is Change.GRANT else Role.COACH)
    return accounts.set_disabled(db, account_id, disabled=what is Change.DISABLE)


def _named(db: Session, email_or_id: str) -> AccountRecord:
    found = accounts.named(db, email_or_id)
    if not found:
        raise NoSuchAccount(NoSuchAccount.__doc__)
    if len(found) > 1:
        raise SeveralAccounts(f"{SeveralAccounts.__doc__} They are {', '.join(account.id for account in found)}.")
    return found[0]


def main(arguments: list[str]) -> int:
    """0 when it was done, 1 when it could not be, 2 for a command that is none."""
    logs.configure()
    match arguments:
        case ["list"]:
            for account in everyone():
                state = "disabled" if account.disabled_at else account.role
                print(f"{account.id}  {state:8}  {account.email}  {account.name}")
        case [("grant" | "revoke" | "disable" | "enable") as word, email_or_id]:
            try:
                account = change(Change(word), email_or_id)
            except LookupError as error:
                print(error, file=sys.stderr)
                return 1
            print(f"{account.email or account.id} {DONE[Change(word)]}.")
        case _:
            print((__doc__ or "").strip(), file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
