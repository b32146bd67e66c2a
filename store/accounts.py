"""Accounts: found by what the identity provider says of a person, made at the first sign-in, never removed."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.orm import Session

from store import locks
from store.changes import noted
from store.people_schema import Account
from store.schema import CLOCK
from store.scope import Role

SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class AccountRecord:
    """An account; `email` is as it was at the last sign-in."""

    id: str
    issuer: str
    subject: str
    email: str
    name: str
    role: Role
    disabled_at: datetime | None
    created_at: datetime
    signed_in_at: datetime
    last_seen_at: datetime


_COLUMNS = [getattr(Account, name) for name in AccountRecord.__dataclass_fields__]


def by_id(db: Session, account_id: str) -> AccountRecord | None:
    return _one(db, Account.id == account_id)


def by_identity(db: Session, issuer: str, subject: str) -> AccountRecord | None:
    return _one(db, Account.issuer == issuer, Account.subject == subject)


def named(db: Session, email_or_id: str) -> list[AccountRecord]:
    """The accounts with this e-mail address (whatever its case) or id."""
    wanted = email_or_id.strip()
    return _some(db, or_(Account.email == wanted.lower(), Account.id == wanted))


def everyone(db: Session) -> list[AccountRecord]:
    """All accounts, by e-mail address."""
    return _some(db)


def emails(db: Session, ids: Collection[str]) -> dict[str, str]:
    """The e-mail addresses of these accounts; those that are none, such as OWNER's, are left out."""
    rows = db.execute(select(Account.id, Account.email).where(Account.id.in_(ids)))
    return {row.id: row.email for row in rows}


def create(
    db: Session, identity: tuple[str, str], *, email: str, name: str, role: Role, at: datetime | None
) -> AccountRecord:
    """A new account with an id of its own, of this issuer and subject, who signed in at `at`; None: now."""
    facts = {"id": uuid.uuid4().hex, "email": email, "name": name, "role": role}
    facts |= dict(zip(("issuer", "subject"), identity, strict=True))
    db.execute(insert(Account).values(**facts, signed_in_at=CLOCK if at is None else at))
    made = by_id(db, facts["id"])
    assert made is not None  # inserted a moment ago
    return made


def is_first(db: Session) -> bool:
    """Whether there is no account yet; nobody else makes one before this transaction ends."""
    db.execute(select(func.pg_advisory_xact_lock(locks.FIRST_SIGN_IN)))
    return db.scalars(select(Account.id).limit(1)).first() is None


def signed_in(db: Session, account_id: str, *, email: str, name: str, at: datetime | None) -> bool:
    """Note what the provider says of the person now; False when this sign-in (of the time `at`) is known already."""
    known = select(Account.signed_in_at).where(Account.id == account_id).with_for_update()
    before = db.scalars(known).one()
    new = at is None or at > before
    facts: dict[str, Any] = {"email": email, "name": name, "last_seen_at": CLOCK}
    if new:
        facts["signed_in_at"] = CLOCK if at is None else at
    db.execute(update(Account).where(Account.id == account_id).values(facts))
    return new


def seen(db: Session, account_id: str) -> None:
    """Note that the person is here, at most once a minute."""
    stale = Account.last_seen_at < CLOCK - SEEN_EVERY
    db.execute(update(Account).where(Account.id == account_id, stale).values(last_seen_at=CLOCK))


def set_role(db: Session, account_id: str, role: Role) -> bool:
    """Give the account this role; False when it has it already."""
    changed = update(Account).where(Account.id == account_id, Account.role != role).values(role=role)
    return noted(db, changed.returning(Account.id))


def set_disabled(db: Session, account_id: str, *, disabled: bool) -> bool:
    """Shut the account out, or let it in again; False when it is so already."""
    is_so = Account.disabled_at.is_not(None) if disabled else Account.disabled_at.is_(None)
    changed = update(Account).where(Account.id == account_id, ~is_so).values(disabled_at=CLOCK if disabled else None)
    return noted(db, changed.returning(Account.id))


def other_ops(db: Session, account_id: str) -> int:
    """How many others could do what ops do; locked, so that two of them cannot remove each other."""
    others = select(Account.id).where(Account.role == Role.OPS, Account.disabled_at.is_(None)).with_for_update()
    return len(set(db.scalars(others)) - {account_id})


def _one(db: Session, *where: ColumnElement[bool]) -> AccountRecord | None:
    found = _some(db, *where)
    return found[0] if found else None


def _some(db: Session, *where: ColumnElement[bool]) -> list[AccountRecord]:
    rows = db.execute(select(*_COLUMNS).where(*where).order_by(Account.email, Account.id))
    return [AccountRecord(**{**row._mapping, "role": Role(row.role)}) for row in rows]
