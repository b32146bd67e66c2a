"""Estimates that were shown, and the facts that they and the breakdown of a session's time rest on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NOW = sa.text("clock_timestamp()")
COACH, OPS = "transcript_coach", "transcript_ops"  # as 0004 made them
MY_SESSION = (
    "EXISTS (SELECT FROM session WHERE session.id = estimate.session_id"
    " AND session.owner = current_setting('desk.account', true))"
)


def upgrade() -> None:
    for table in ("session", "upload"):
        op.add_column(table, sa.Column("upload_sec", sa.Double(), nullable=True))
    op.add_column("session", sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attempt", sa.Column("model", sa.Text(), server_default="", nullable=False))
    op.add_column("attempt", sa.Column("at_once", sa.Integer(), server_default="1", nullable=False))
    op.add_column("attempt", sa.Column("recognised_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "estimate",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fraction", sa.Double(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("raw_sec", sa.Double(), nullable=False),
        sa.Column("estimated_sec", sa.Double(), nullable=False),
        sa.Column("low_sec", sa.Double(), nullable=True),
        sa.Column("high_sec", sa.Double(), nullable=True),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.CheckConstraint("raw_sec > 0 AND estimated_sec > 0", name="estimate_seconds"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "attempt", "fraction"),
    )
    op.execute("ALTER TABLE estimate ENABLE ROW LEVEL SECURITY")
    op.execute(f"GRANT SELECT ON estimate TO {COACH}, {OPS}")
    op.execute(f"CREATE POLICY estimate_coach ON estimate TO {COACH} USING ({MY_SESSION})")
    op.execute(f"CREATE POLICY estimate_ops ON estimate TO {OPS} USING (true)")


def downgrade() -> None:
    op.drop_table("estimate")
    for name in ("recognised_at", "at_once", "model"):
        op.drop_column("attempt", name)
    op.drop_column("session", "moved_at")
    for table in ("upload", "session"):
        op.drop_column(table, "upload_sec")
