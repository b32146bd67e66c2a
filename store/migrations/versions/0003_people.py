"""Accounts, their API tokens, and the audit trail, to which rows are only ever added."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NOW = sa.text("clock_timestamp()")
APPEND_ONLY = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of audit are never changed or removed' USING ERRCODE = 'insufficient_privilege';
END $$
"""


def _time(name: str, *, nullable: bool) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=None if nullable else NOW, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "account",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "issuer", "subject", "email", "name")),
        sa.Column("role", sa.Text(), server_default="coach", nullable=False),
        _time("disabled_at", nullable=True),
        _time("created_at", nullable=False),
        _time("signed_in_at", nullable=False),
        _time("last_seen_at", nullable=False),
        sa.CheckConstraint("id ~ '^[a-z0-9_-]{1,64}$'", name="account_id_form"),
        sa.CheckConstraint("role IN ('coach', 'ops')", name="account_role"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("issuer", "subject", name="account_identity"),
    )
    op.create_index("account_email", "account", ["email"])
    op.create_table(
        "api_token",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("id", "account_id", "name", "secret_sha256", "scope")
        ),
        _time("created_at", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _time("last_used_at", nullable=True),
        _time("revoked_at", nullable=True),
        sa.CheckConstraint("scope IN ('read', 'write')", name="token_scope"),
        sa.CheckConstraint("length(secret_sha256) = 64", name="token_hash"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("api_token_account", "api_token", ["account_id"])
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        _time("at", nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_email", sa.Text(), server_default="", nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("target", "detail", "address")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_actor", "audit", ["actor", sa.text("id DESC")])
    op.create_index("audit_action", "audit", ["action", sa.text("id DESC")])
    op.create_index("audit_session", "audit", ["session_id"], postgresql_where=sa.text("session_id IS NOT NULL"))
    op.execute(APPEND_ONLY)
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )


def downgrade() -> None:
    op.drop_table("audit")
    op.execute("DROP FUNCTION audit_is_append_only()")
    op.drop_table("api_token")
    op.drop_table("account")
