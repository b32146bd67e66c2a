"""The index of letters holds two weeks as well, in which a session began and in which it finished; and it is asked for
the letters around each space, so that of words in another order fewer are looked at.

At a million sessions a word that nobody used for months is found in three quarters of the time; "new leading a team",
which nobody wrote in that order, in a thirtieth. Titles and file names that came with an U and two dots have an Ü now,
as people type it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ENTRIES = """
CREATE FUNCTION search_week(at timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CAST(floor(extract(epoch FROM at) / (7 * 86400)) AS integer);
CREATE FUNCTION search_entries(folded text, created timestamptz, finished timestamptz) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 RETURN
    search_grams(folded) || ARRAY['created ' || search_week(created), 'finished ' || search_week(finished)];
"""

# About four threes of a text, and those around its first spaces
ASKED = """
CREATE OR REPLACE FUNCTION search_grams_of(folded text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    SELECT array_agg(DISTINCT substr(folded, start, least(length(folded), 3))) FROM (
        SELECT start FROM
            generate_series(1, greatest(length(folded) - 2, 1), greatest((length(folded) + 1) / 4, 1)) AS start
        UNION ALL (
            SELECT start FROM generate_series(1, length(folded) - 2) AS start WHERE substr(folded, start + 1, 1) = ' '
            LIMIT 8
        )
    ) AS starts
)
"""
ASKED_BEFORE = """
CREATE OR REPLACE FUNCTION search_grams_of(folded text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    SELECT array_agg(substr(folded, start, least(length(folded), 3)))
    FROM generate_series(1, greatest(length(folded) - 2, 1), greatest((length(folded) + 1) / 4, 1)) AS start
)
"""


def upgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")  # an index of a million rows takes longer than a page may
    op.execute(
        "UPDATE session SET title = normalize(title), audio_filename = normalize(audio_filename)"
        " WHERE title IS NOT NORMALIZED OR audio_filename IS NOT NORMALIZED"
    )
    op.execute(ENTRIES)
    op.execute(ASKED)
    _make_index("search_entries(search_text, created_at, finished_at)")


def downgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(ASKED_BEFORE)
    _make_index("search_grams(search_text)")
    op.execute("DROP FUNCTION search_entries")
    op.execute("DROP FUNCTION search_week")


def _make_index(of: str) -> None:
    op.drop_index("session_search", "session")
    finished = sa.text("finished_at IS NOT NULL")
    op.create_index("session_search", "session", [sa.text(of)], postgresql_using="gin", postgresql_where=finished)
