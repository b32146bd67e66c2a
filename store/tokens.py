"""API tokens: found by their public half; whether the secret half fits is for the caller to compare."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from store.changes import noted
from store.people_schema import ApiToken
from store.schema import CLOCK

USED_EVERY = timedelta(minutes=1)


class TokenScope(StrEnum):
    READ = "read"  # GET only
    WRITE = "write"  # whatever its account may


@dataclass(frozen=True)
class TokenRecord:
    """A token as its account sees it, without anything that could be used."""

    id: str
    account_id: str
    name: str
    scope: TokenScope
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    now: datetime

    @property
    def state(self) -> str:
        """`active`, `revoked` or `expired`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= self.now else "active"


_COLUMNS = [getattr(ApiToken, name) for name in TokenRecord.__dataclass_fields__ if name != "now"]


def add(
    db: Session, token_id: str, *, account_id: str, name: str, secret_sha256: str, scope: TokenScope, days: float
) -> None:
    """Keep a new token that expires in so many days."""
    db.execute(
        insert(ApiToken).values(
            id=token_id,
            account_id=account_id,
            name=name,
            secret_sha256=secret_sha256,
            scope=scope,
            expires_at=CLOCK + timedelta(days=days),
        )
    )


def of_account(db: Session, account_id: str) -> list[TokenRecord]:
    """The account's tokens, the newest first, those that work no more included."""
    return _some(db, ApiToken.account_id == account_id)


def count_active(db: Session, account_id: str) -> int:
    """How many tokens of the account work now."""
    works = (ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > CLOCK)
    return db.scalars(select(func.count()).select_from(ApiToken).where(*works)).one()


def used(db: Session, token_id: str) -> None:
    """Note that the token is used, at most once a minute."""
    stale = ApiToken.last_used_at.is_(None) | (ApiToken.last_used_at < CLOCK - USED_EVERY)
    db.execute(update(ApiToken).where(ApiToken.id == token_id, stale).values(last_used_at=CLOCK))


def revoke(db: Session, token_id: str, *, account_id: str) -> bool:
    """Make the account's token useless; False when it has no such token, or it is revoked already."""
    theirs = (ApiToken.id == token_id, ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
    return noted(db, update(ApiToken).where(*theirs).values(revoked_at=CLOCK).returning(ApiToken.id))


def _some(db: Session, *where: ColumnElement[bool]) -> list[TokenRecord]:
    statement = select(*_COLUMNS, CLOCK.label("now")).where(*where).order_by(ApiToken.created_at.desc(), ApiToken.id)
    return [TokenRecord(**{**row._mapping, "scope": TokenScope(row.scope)}) for row in db.execute(statement)]
