"""Operations of remote engines, engines that are stopped, and what a provider has to know of a recording."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

FACTS = (
    ("audio_codec", sa.Text(), ""),
    ("audio_channels", sa.SmallInteger(), "1"),
    ("speaker_channels", sa.Boolean(), sa.text("false")),
)
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    for table in ("session", "upload"):
        for name, kind, default in FACTS:
            op.add_column(table, sa.Column(name, kind, server_default=default, nullable=False))
    op.execute("UPDATE session SET next_run_at = NULL WHERE status NOT IN ('pending', 'processing')")
    op.create_check_constraint(
        "session_next_run", "session", "status IN ('pending', 'processing') OR next_run_at IS NULL"
    )
    op.create_index(
        "session_parked",
        "session",
        ["next_run_at"],
        postgresql_where=sa.text("status = 'processing' AND next_run_at IS NOT NULL"),
    )
    op.create_table(
        "remote_operation",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("start_sec", sa.Double(), nullable=False),
        sa.Column("end_sec", sa.Double(), nullable=False),
        sa.Column("audio_uri", sa.Text(), nullable=False),
        sa.Column("converted", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("percent", sa.SmallInteger(), nullable=True),
        sa.Column("refusals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=True)
            for name in ("intended_at", "accepted_at", "cancel_requested_at", "ended_at")
        ),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="operation_ended"),
        sa.CheckConstraint(
            "outcome IN ('recognised', 'failed', 'gone', 'cancelled', 'never')", name="operation_outcome"
        ),
        sa.CheckConstraint("name IS NULL OR intended_at IS NOT NULL", name="operation_intended"),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name="operation_percent"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index(
        "remote_operation_open",
        "remote_operation",
        ["session_id", "engine", "start_sec"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("remote_operation_session", "remote_operation", ["session_id"])
    op.create_index("remote_operation_audio", "remote_operation", ["audio_uri"])
    op.create_table(
        "engine_stop",
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("error_text", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("engine"),
    )


def downgrade() -> None:
    op.drop_table("engine_stop")
    op.drop_table("remote_operation")
    op.drop_index("session_parked", "session")
    op.drop_constraint("session_next_run", "session", type_="check")
    for table in ("session", "upload"):
        for name, _, _ in reversed(FACTS):
            op.drop_column(table, name)
