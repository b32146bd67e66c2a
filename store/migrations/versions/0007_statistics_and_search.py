"""What keeps history, search and the speed page fast with a million sessions (docs/decisions/0024).

Values that an order compares are columns of the session, each with an index for all sessions and one for those of a
coach. A recording's title and file name are found by their letters. Statistics are kept by hour, day and week.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"

NOW = sa.text("clock_timestamp()")
COACH, OPS = "transcript_coach", "transcript_ops"  # as 0004 made them
TOOK = "EXTRACT(epoch FROM finished_at - started_at)::double precision"
ORDERED = ("created_at", "finished_at", "title_folded", "duration_total", "processing_sec", "speed")
FINISHED = sa.text("finished_at IS NOT NULL")

# All letters of a text, and all pairs and threes of neighbouring ones; GIN sees to each being there once. About six
# threes of a word are asked for; whether it is the word is looked at then
SEARCH = """
CREATE FUNCTION search_grams(folded text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
DECLARE letters text[] := string_to_array(folded, NULL);
BEGIN
    RETURN letters || (
        SELECT array_agg(one || two) FILTER (WHERE two <> '')
            || array_agg(one || two || three) FILTER (WHERE three <> '')
        FROM unnest(letters, letters[2:], letters[3:]) AS neighbour (one, two, three)
    );
END $$;
CREATE FUNCTION search_grams_of(folded text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    SELECT array_agg(substr(folded, start, least(length(folded), 3)))
    FROM generate_series(1, greatest(length(folded) - 2, 1), greatest((length(folded) + 3) / 6, 1)) AS start
);
CREATE INDEX session_search ON session USING gin (search_grams(search_text))
    WHERE finished_at IS NOT NULL;
"""

# For the product itself, on whoever's behalf a session ends: nobody else writes to the table
NOTING = """
CREATE FUNCTION note_stale_statistics() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.finished_at IS NOT NULL THEN
        INSERT INTO statistic_stale (hour) VALUES (date_trunc('hour', OLD.finished_at, 'UTC'));
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.finished_at IS NOT NULL THEN
        INSERT INTO statistic_stale (hour) VALUES (date_trunc('hour', NEW.finished_at, 'UTC'));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER session_statistics_stale AFTER INSERT OR DELETE OR UPDATE OF finished_at ON session
    FOR EACH ROW EXECUTE FUNCTION note_stale_statistics();
CREATE TRIGGER attempt_statistics_stale AFTER INSERT OR DELETE OR UPDATE OF finished_at ON attempt
    FOR EACH ROW EXECUTE FUNCTION note_stale_statistics();
INSERT INTO statistic_stale (hour)
SELECT date_trunc('hour', finished_at, 'UTC') FROM session WHERE finished_at IS NOT NULL
UNION SELECT date_trunc('hour', finished_at, 'UTC') FROM attempt WHERE error_code IS NOT NULL;
"""


def upgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")  # indexes of a million rows take longer than a page may
    # Heartbeats leave every indexed column alone, and find room on their page: they touch no index at all
    op.drop_index("session_running", "session")
    op.execute("ALTER TABLE session SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02)")
    op.add_column("session", sa.Column("duration_resumed", sa.Double(), server_default="0", nullable=False))
    op.execute(
        "UPDATE session SET duration_resumed = resumed_sec FROM attempt"
        " WHERE session_id = session.id AND number = session.attempt AND resumed_sec > 0"
    )
    completed = f"CASE WHEN status = 'completed' THEN {{}}{TOOK}{{}} END"
    op.execute(
        "ALTER TABLE session ADD COLUMN title_folded text GENERATED ALWAYS AS (lower(title)) STORED NOT NULL,"
        " ADD COLUMN search_text text"
        " GENERATED ALWAYS AS (lower(title || chr(10) || audio_filename)) STORED NOT NULL,"
        f" ADD COLUMN processing_sec double precision GENERATED ALWAYS AS ({completed.format('', '')}) STORED,"
        " ADD COLUMN speed double precision GENERATED ALWAYS AS"
        f" ({completed.format('(duration_total - duration_resumed) / NULLIF(', ', 0)')}) STORED"
    )
    op.create_index("session_running", "session", ["started_at"], postgresql_where=sa.text("status = 'processing'"))
    op.create_index(
        "session_under_way", "session", ["owner", "created_at", "id"], postgresql_where=sa.text("finished_at IS NULL")
    )
    for column in ORDERED:
        include = [] if column == "created_at" else ["created_at"]
        for scope, named in (([], column), (["owner"], f"own_{column}")):
            op.create_index(
                f"session_by_{named}",
                "session",
                [*scope, "status", "engine", column, "id"],
                postgresql_where=FINISHED,
                postgresql_include=include,
            )
    op.execute(SEARCH)
    op.create_index("attempt_errors", "attempt", ["finished_at"], postgresql_where=sa.text("error_code IS NOT NULL"))
    op.create_table(
        "statistic",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("counters", JSONB(), nullable=False),
        sa.Column("sample", JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("grain IN ('hour', 'day', 'week')", name="statistic_grain"),
        sa.PrimaryKeyConstraint("owner", "grain", "start", "engine", "demo"),
    )
    op.create_index("statistic_start", "statistic", ["grain", "start"])
    op.create_table(
        "statistic_stale",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for table in ("statistic", "statistic_stale"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT ON {table} TO {COACH}, {OPS}")
    op.execute(
        f"CREATE POLICY statistic_coach ON statistic TO {COACH} USING (owner = current_setting('desk.account', true))"
    )
    op.execute(f"CREATE POLICY statistic_ops ON statistic TO {OPS} USING (true)")
    op.execute(f"CREATE POLICY statistic_stale_all ON statistic_stale TO {COACH}, {OPS} USING (true)")
    op.execute(NOTING)


def downgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    for table in ("attempt", "session"):
        op.execute(f"DROP TRIGGER {table}_statistics_stale ON {table}")
    op.execute("DROP FUNCTION note_stale_statistics")
    for table in ("statistic", "statistic_stale"):
        op.drop_table(table)
    op.drop_index("attempt_errors", "attempt")
    op.drop_index("session_search", "session")
    op.execute("DROP FUNCTION search_grams")
    op.execute("DROP FUNCTION search_grams_of")
    for column in ORDERED:
        op.drop_index(f"session_by_{column}", "session")
        op.drop_index(f"session_by_own_{column}", "session")
    for index in ("session_under_way", "session_running"):
        op.drop_index(index, "session")
    for column in ("speed", "processing_sec", "search_text", "title_folded", "duration_resumed"):
        op.drop_column("session", column)
    op.execute("ALTER TABLE session RESET (fillfactor, autovacuum_vacuum_scale_factor)")
    op.create_index("session_running", "session", ["heartbeat_at"], postgresql_where=sa.text("status = 'processing'"))
