"""The tables of people: accounts, their API tokens, and the record of who did what."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.schema import CLOCK, Base


class Account(Base):
    """A person as the identity provider names them. `id` is what sessions have as `owner`, and part of object keys."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    email: Mapped[str]  # as it was at the last sign-in, in small letters
    name: Mapped[str]
    role: Mapped[str] = mapped_column(server_default="coach")
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=CLOCK)
    signed_in_at: Mapped[datetime] = mapped_column(server_default=CLOCK)  # when the provider last vouched for them
    last_seen_at: Mapped[datetime] = mapped_column(server_default=CLOCK)

    __table_args__ = (
        UniqueConstraint("issuer", "subject", name="account_identity"),
        CheckConstraint("id ~ '^[a-z0-9_-]{1,64}$'", name="account_id_form"),
        CheckConstraint("role IN ('coach', 'ops')", name="account_role"),
        Index("account_email", "email"),
    )


class ApiToken(Base):
    """A key for programs: found by `id`, which is its public half; of the secret half only the hash is kept."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str]
    secret_sha256: Mapped[str]
    scope: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=CLOCK)
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("scope IN ('read', 'write')", name="token_scope"),
        CheckConstraint("length(secret_sha256) = 64", name="token_hash"),
        Index("api_token_account", "account_id"),
    )


class Audit(Base):
    """Who did what, when. Rows are added and never changed: a trigger refuses it. They outlive accounts and sessions,
    hence no foreign keys, and hold no titles, file names or words."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=CLOCK)
    actor: Mapped[str]  # an account's id, or `reconciler`, `command`, `unknown`
    actor_email: Mapped[str] = mapped_column(server_default="")
    action: Mapped[str]
    session_id: Mapped[uuid.UUID | None]
    target: Mapped[str | None]  # what else it was done to: an account's e-mail address, a token's id
    detail: Mapped[str | None]
    address: Mapped[str | None]  # where the request came from

    __table_args__ = (
        Index("audit_actor", "actor", text("id DESC")),
        Index("audit_action", "action", text("id DESC")),
        Index("audit_session", "session_id", postgresql_where=text("session_id IS NOT NULL")),
    )
