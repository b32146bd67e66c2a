"""The pace of a running attempt lately, beside its mean."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for name in ("recent_pace", "recent_reports"):
        op.add_column("session", sa.Column(name, sa.Double(), nullable=True))


def downgrade() -> None:
    for name in ("recent_reports", "recent_pace"):
        op.drop_column("session", name)
