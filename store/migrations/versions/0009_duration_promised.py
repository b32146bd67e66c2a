"""How long a recording's own header says it is, beside how long it really is."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for table in ("session", "upload"):
        op.add_column(table, sa.Column("duration_promised", sa.Double(), nullable=True))


def downgrade() -> None:
    for table in ("upload", "session"):
        op.drop_column(table, "duration_promised")
