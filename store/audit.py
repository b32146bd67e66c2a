"""The record of who did what: rows are added, in the transaction of what they tell of, and never changed."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, insert, literal, or_, select
from sqlalchemy.orm import Session

from store.people_schema import Audit
from store.schema import CLOCK

STREAM_ROWS = 500


class Action(StrEnum):
    """What is recorded."""

    UPLOADED = "uploaded"
    STARTED = "started"
    OPENED = "opened"  # a transcript was read or a recording listened to
    DOWNLOADED = "downloaded"
    NAMED = "named"  # the speakers of a transcript
    RETRIED = "retried"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    GIVEN_UP = "given-up"
    REQUEUED = "requeued"
    EXPIRED = "expired"  # the retention of a recording, a transcript or a whole session is over
    ENGINE_TRIED = "engine-tried"
    SIGNED_IN = "signed-in"
    REFUSED = "refused"
    ACCOUNT_MADE = "account-made"
    GRANTED = "granted"
    REVOKED = "revoked"
    DISABLED = "disabled"
    ENABLED = "enabled"
    TOKEN_MADE = "token-made"
    TOKEN_REVOKED = "token-revoked"


@dataclass(frozen=True)
class Actor:
    """Who did it: an account with its e-mail address of that moment, or a part of the product; and from where."""

    id: str
    email: str = ""
    address: str | None = None


UNKNOWN = Actor("unknown")


@dataclass(frozen=True)
class AuditRow:
    """One thing that somebody did."""

    id: int
    at: datetime
    actor: str
    actor_email: str
    action: str
    session_id: uuid.UUID | None
    target: str | None
    detail: str | None
    address: str | None


@dataclass(frozen=True)
class AuditFilter:
    """Which rows; everything left out means any. `actor` is an account's id or e-mail address."""

    action: str | None = None
    actor: str | None = None
    session_id: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def record(
    db: Session,
    action: Action,
    actor: Actor,
    *,
    session_id: uuid.UUID | None = None,
    target: str | None = None,
    detail: str | None = None,
    once_in: timedelta | None = None,
) -> None:
    """Add a row. With `once_in` none is added when the same was recorded within that time, as when a player asks for
    a recording range by range."""
    facts = {
        "actor": actor.id,
        "actor_email": actor.email,
        "action": str(action),
        "session_id": session_id,
        "target": target,
        "detail": detail,
        "address": actor.address,
    }
    if once_in is None:
        db.execute(insert(Audit).values(facts))
        return
    same = [getattr(Audit, name).is_not_distinct_from(value) for name, value in facts.items() if name != "address"]
    known = exists().where(*same, Audit.at > CLOCK - once_in)
    values = select(*(literal(value, getattr(Audit, name).type) for name, value in facts.items())).where(~known)
    db.execute(insert(Audit).from_select(list(facts), values))


def page(db: Session, which: AuditFilter, *, before: int | None = None, limit: int = 50) -> list[AuditRow]:
    """The newest rows, or those with ids below `before`, at most `limit`."""
    where = [*_conditions(which)] + ([] if before is None else [Audit.id < before])
    statement = select(*_COLUMNS).where(*where).order_by(Audit.id.desc()).limit(limit)
    return [AuditRow(**row._mapping) for row in db.execute(statement)]


def rows(db: Session, which: AuditFilter) -> Iterator[AuditRow]:
    """Every row of the filter, the newest first, read as it is consumed: keep `db` open until then."""
    statement = select(*_COLUMNS).where(*_conditions(which)).order_by(Audit.id.desc())
    for row in db.execute(statement, execution_options={"yield_per": STREAM_ROWS}):
        yield AuditRow(**row._mapping)


_COLUMNS = [getattr(Audit, name) for name in AuditRow.__dataclass_fields__]


def _conditions(which: AuditFilter) -> Iterator[ColumnElement[bool]]:
    if which.action is not None:
        yield Audit.action == which.action
    if which.actor is not None:
        yield or_(Audit.actor == which.actor, Audit.actor_email == which.actor.lower())
    if which.session_id is not None:
        yield Audit.session_id == which.session_id
    if which.since is not None:
        yield Audit.at >= which.since
    if which.until is not None:
        yield Audit.at < which.until
