"""When a session's recording and its words were removed, because they were not to be kept longer."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INDEXES = {"session_with_audio": "audio_deleted_at", "session_with_words": "transcript_deleted_at"}


def upgrade() -> None:
    for index, column in INDEXES.items():
        op.add_column("session", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
        op.create_index(
            index, "session", ["finished_at"], postgresql_where=sa.text(f"finished_at IS NOT NULL AND {column} IS NULL")
        )


def downgrade() -> None:
    for index, column in INDEXES.items():
        op.drop_index(index, "session")
        op.drop_column("session", column)
