"""Sessions, their history, attempts and transcripts, and uploads that wait to be started."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("audio_filename", sa.Text(), nullable=False),
        sa.Column("audio_uri", sa.Text(), nullable=False),
        sa.Column("audio_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("audio_sha256", sa.Text(), nullable=False),
        sa.Column("audio_format", sa.Text(), nullable=False),
        sa.Column("duration_total", sa.Double(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claim_no", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fruitless_deaths", sa.Integer(), server_default="0", nullable=False),
        sa.Column("transcription_job_id", sa.Text(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("duration_processed", sa.Double(), server_default="0", nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("queued_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NOT NULL) = (status IN ('completed', 'failed', 'cancelled'))", name="session_finished"
        ),
        sa.CheckConstraint(
            "status <> 'processing' OR (started_at IS NOT NULL AND heartbeat_at IS NOT NULL)", name="session_claimed"
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')", name="session_status"
        ),
        sa.CheckConstraint("audio_size_bytes > 0", name="session_size"),
        sa.CheckConstraint("duration_total > 0 AND duration_processed >= 0", name="session_durations"),
        sa.CheckConstraint("priority BETWEEN 0 AND 2", name="session_priority"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audio_uri"),
    )
    op.create_index("session_created", "session", ["created_at", "id"], unique=False)
    op.create_index(
        "session_finished_order",
        "session",
        ["finished_at", "id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index("session_idempotency", "session", ["owner", "idempotency_key"], unique=True)
    op.create_index("session_last_served", "session", ["owner", "started_at"], unique=False)
    op.create_index("session_of_owner", "session", ["owner", "created_at", "id"], unique=False)
    op.create_index(
        "session_running", "session", ["heartbeat_at"], unique=False, postgresql_where=sa.text("status = 'processing'")
    )
    op.create_index("session_same_bytes", "session", ["owner", "audio_sha256"], unique=False)
    op.create_index(
        "session_waiting",
        "session",
        [sa.literal_column("priority DESC"), "queued_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("audio_filename", sa.Text(), nullable=False),
        sa.Column("audio_uri", sa.Text(), nullable=False),
        sa.Column("audio_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("audio_sha256", sa.Text(), nullable=False),
        sa.Column("audio_format", sa.Text(), nullable=False),
        sa.Column("duration_total", sa.Double(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("audio_uri"),
    )
    op.create_index("upload_created_at", "upload", ["created_at"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("claim_no", sa.BigInteger(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("expected_sec", sa.Double(), nullable=False),
        sa.Column("expected_from", sa.Text(), nullable=False),
        sa.Column("spread", sa.Double(), nullable=False),
        sa.Column("resumed_sec", sa.Double(), server_default="0", nullable=False),
        sa.Column("processed_sec", sa.Double(), server_default="0", nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('completed', 'failed', 'cancelled', 'retried', 'lost')", name="attempt_outcome"
        ),
        sa.CheckConstraint("(finished_at IS NULL) = (outcome IS NULL)", name="attempt_finished"),
        sa.CheckConstraint("expected_sec > 0 AND spread >= 1", name="attempt_expectation"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "number"),
    )
    op.create_table(
        "processing_status",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("progress", sa.SmallInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claim_no", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(progress = 100) = (status = 'completed')", name="history_hundred"),
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')", name="history_status"
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name="history_progress"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "processing_status_session_id", "processing_status", ["session_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index("processing_status_updated_at", "processing_status", ["updated_at"], unique=False)
    op.create_table(
        "transcript_chunk",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("start_sec", sa.Double(), nullable=False),
        sa.Column("end_sec", sa.Double(), nullable=False),
        sa.Column("claim_no", sa.BigInteger(), nullable=False),
        sa.Column("segments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "engine", "start_sec"),
    )
    op.create_table(
        "transcript_segment",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("claim_no", sa.BigInteger(), nullable=False),
        sa.Column("start_sec", sa.Double(), nullable=False),
        sa.Column("end_sec", sa.Double(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("start_sec >= 0 AND end_sec >= start_sec", name="segment_times"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "position"),
    )


def downgrade() -> None:
    op.drop_table("transcript_segment")
    op.drop_table("transcript_chunk")
    op.drop_index("processing_status_updated_at", table_name="processing_status")
    op.drop_index("processing_status_session_id", table_name="processing_status")
    op.drop_table("processing_status")
    op.drop_table("attempt")
    op.drop_index("upload_created_at", table_name="upload")
    op.drop_table("upload")
    op.drop_index("session_waiting", table_name="session", postgresql_where=sa.text("status = 'pending'"))
    op.drop_index("session_same_bytes", table_name="session")
    op.drop_index("session_running", table_name="session", postgresql_where=sa.text("status = 'processing'"))
    op.drop_index("session_last_served", table_name="session")
    op.drop_index("session_of_owner", table_name="session")
    op.drop_index("session_idempotency", table_name="session")
    op.drop_index("session_created", table_name="session")
    op.drop_index("session_finished_order", table_name="session", postgresql_where=sa.text("finished_at IS NOT NULL"))
    op.drop_table("session")
