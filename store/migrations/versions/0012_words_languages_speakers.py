"""What a session's words are made with: the language that is heard, who speaks, the model of each chunk, and names."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

COACH, OPS = "transcript_coach", "transcript_ops"
MY_SESSION = (
    "EXISTS (SELECT FROM session WHERE session.id = speaker.session_id"
    " AND session.owner = current_setting('desk.account', true))"
)


def upgrade() -> None:
    text, flag = sa.Text(), sa.Boolean()
    op.add_column("session", sa.Column("language_detected", flag, nullable=False, server_default=sa.text("false")))
    op.add_column("session", sa.Column("language_heard", text, nullable=True))
    op.add_column("session", sa.Column("speakers", text, nullable=False, server_default="one"))
    op.create_check_constraint("session_speakers", "session", "speakers IN ('one', 'two', 'more')")
    op.add_column("session", sa.Column("duration_begun", sa.Double(), nullable=False, server_default="0"))
    op.add_column("attempt", sa.Column("speakers_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attempt", sa.Column("speakers_outcome", text, nullable=True))
    op.create_check_constraint(
        "attempt_speakers_outcome", "attempt", "speakers_outcome IN ('channels', 'voices', 'one', 'unsure', 'failed')"
    )
    op.add_column("transcript_chunk", sa.Column("model", text, nullable=False, server_default=""))
    op.create_table(
        "speaker",
        sa.Column("session_id", sa.Uuid(), sa.ForeignKey("session.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("label", text, primary_key=True),
        sa.Column("name", text, nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 80", name="speaker_name"),
    )
    op.execute("ALTER TABLE speaker ENABLE ROW LEVEL SECURITY")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON speaker TO {COACH}, {OPS}")
    op.execute(f"CREATE POLICY speaker_coach ON speaker TO {COACH} USING ({MY_SESSION})")
    op.execute(f"CREATE POLICY speaker_ops ON speaker TO {OPS} USING (true)")


def downgrade() -> None:
    op.drop_table("speaker")
    op.drop_column("transcript_chunk", "model")
    for name in ("speakers_outcome", "speakers_at"):
        op.drop_column("attempt", name)
    op.execute("UPDATE session SET language = 'en' WHERE language = 'detect'")
    for name in ("duration_begun", "speakers", "language_heard", "language_detected"):
        op.drop_column("session", name)
