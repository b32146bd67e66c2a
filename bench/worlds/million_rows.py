"""Databases of many sessions, filled by a few statements: coaches, states, attempts, history and estimates that are
plausible, over a year that ends now."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from sqlalchemy import Connection, create_engine, make_url, text

from store.database import engine
from store.migrations import config

COACHES = 200
COACH = "coach-7"
DAYS = 365
UNDER_WAY = 36  # waiting and running at the end, in a desk of any size
TOPICS = (
    *("First meeting", "Goals for the quarter", "Leading a new team", "Saying no", "Feedback that lands", "Review"),
    *("Career crossroads", "Conflict with a peer", "Preparing the review", "Time and energy", "Closing session"),
    *("Delegation", "Difficult conversation", "Onboarding", "Strategy offsite", "Burnout and rest", "Board meeting"),
)
NAMES = (
    *("Ines", "Tomas", "Aiko", "Bram", "Chidi", "Dana", "Emre", "Freya", "Goran", "Hana", "Ivo", "Jonas", "Kaja"),
    *("Liam", "Mira", "Nils", "Olga", "Petra", "Quentin", "Rosa", "Sven", "Talia", "Ulla", "Viktor", "Wanda", "Zoe"),
)
RARE = "zeppelin"  # in the title of every 20,000th session
OLD = "kickoff"  # in that of every other session of the oldest month, and of no other
OFF = (
    "SET session_replication_role = replica",  # no triggers and foreign keys while it fills
    "SET synchronous_commit = off",
    "SET maintenance_work_mem = '512MB'",
    "SET work_mem = '256MB'",
    "SET max_parallel_maintenance_workers = 2",
    "SET statement_timeout = 0",
)
SESSIONS = """
INSERT INTO session (id, owner, title, audio_filename, audio_uri, audio_size_bytes, audio_sha256, audio_format,
    duration_total, upload_sec, language, engine, status, attempt, claim_no, worker, duration_processed,
    duration_resumed, error_code, error_kind, error_text, created_at, updated_at, queued_at, started_at, heartbeat_at,
    finished_at)
SELECT md5('session' || i)::uuid, owner, title, replace(lower(title), ' ', '-') || '.m4a', 'bench://' || i,
    (audio * 8000)::bigint, md5(i::text) || md5(i::text), 'M4A, 44.1 kHz mono', audio, 3, 'en', engine, status,
    attempts, attempts, 'worker-1', CASE status WHEN 'completed' THEN audio ELSE audio * share END,
    CASE WHEN attempts = 2 THEN audio * share / 2 ELSE 0 END,
    CASE status WHEN 'failed' THEN error END, CASE status WHEN 'failed' THEN 'permanent' END,
    CASE status WHEN 'failed' THEN 'The sound in this file is damaged and cannot be read.' END,
    at, at + waited + took, at, CASE WHEN status <> 'pending' THEN at + waited END,
    CASE WHEN status <> 'pending' THEN LEAST(at + waited + took, now()) END,
    CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN at + waited + took END
FROM (
    SELECT *,
        CASE WHEN i <= :under_way / 3 THEN 'processing' WHEN i <= :under_way THEN 'pending' WHEN r1 < 0.92
             THEN 'completed' WHEN r1 < 0.975 THEN 'failed' ELSE 'cancelled' END AS status,
        CASE WHEN i <= :under_way / 3 THEN 1 WHEN i <= :under_way THEN 0 WHEN r2 < 0.05 THEN 2 ELSE 1 END AS attempts,
        CASE WHEN i <= :under_way THEN now() - interval '1 minute' - i * interval '1 second'
             ELSE now() - interval '1 hour' - (i::float8 / :n) * interval '1 day' * :days END AS at,
        exp(ln(600.0) + r3 * ln(9.0)) AS audio, -ln(1 - r4) * 40 * interval '1 second' AS waited,
        exp(ln(600.0) + r3 * ln(9.0)) * (CASE engine WHEN 'google' THEN 0.12 ELSE 0.27 END) * exp(r5 - 0.5)
            * interval '1 second' AS took,
        0.1 + 0.7 * r6 AS share,
        (ARRAY['recognition-failed', 'decoding-failed', 'deadline-exceeded'])[1 + floor(r6 * 3)::int] AS error,
        (CAST(:topics AS text[]))[1 + floor(r7 * array_length(CAST(:topics AS text[]), 1))::int]
            || ' ' || (CAST(:names AS text[]))[1 + floor(r8 * array_length(CAST(:names AS text[]), 1))::int]
            || ' ' || i % 997 || CASE WHEN i % 20000 = 500 THEN ' ' || :rare ELSE '' END
            || CASE WHEN i > 11.0 / 12 * :n AND i % 2 = 0 THEN ' ' || :old ELSE '' END AS title
    FROM (
        SELECT i, 'coach-' || floor(:coaches * power(random(), 1.3))::int AS owner,
            CASE WHEN random() < 0.3 THEN 'google' ELSE 'pocketsphinx' END AS engine, random() r1, random() r2,
            random() r3, random() r4, random() r5, random() r6, random() r7, random() r8
        FROM generate_series(1, :n) AS i
    ) AS drawn
) AS made
"""
ATTEMPTS = """
INSERT INTO attempt (session_id, number, claim_no, engine, worker, started_by, expected_sec, expected_from, spread,
    resumed_sec, processed_sec, queued_at, started_at, prepared_at, recognised_at, finished_at, outcome, error_code,
    error_text)
SELECT id, number, number, engine, 'worker-1', owner, duration_total * 0.25, 'history', 1.5,
    CASE WHEN number = attempt THEN duration_resumed ELSE 0 END, duration_processed, queued_at,
    CASE WHEN number = attempt THEN started_at ELSE queued_at END,
    CASE WHEN number = attempt THEN started_at + interval '4 s' END,
    CASE WHEN status = 'completed' AND number = attempt THEN finished_at - interval '1 s' END,
    CASE WHEN number = attempt THEN finished_at ELSE queued_at + interval '10 s' END,
    CASE WHEN number < attempt THEN 'retried' WHEN finished_at IS NOT NULL THEN status END,
    CASE WHEN number < attempt THEN 'recognition-failed' ELSE error_code END,
    CASE WHEN number < attempt THEN 'The engine stopped in the middle.' ELSE error_text END
FROM session, generate_series(1, attempt) AS number
"""
HISTORY = """
INSERT INTO processing_status (session_id, status, progress, message, actor, attempt, claim_no, created_at, updated_at)
SELECT id, line.status, line.progress, line.message, 'worker-1', line.attempt, line.attempt, line.at, line.at
FROM session, LATERAL (VALUES
    (1, 'pending', 0, 'Waiting in queue', 0, created_at),
    (2, 'processing', 0, 'Preparing audio', attempt, started_at),
    (3, 'processing', CASE WHEN finished_at IS NULL THEN 40 ELSE 99 END, 'Processing audio...', attempt,
        started_at + interval '4 s'),
    (4, session.status, CASE session.status WHEN 'completed' THEN 100 ELSE 40 END,
        CASE session.status WHEN 'completed' THEN 'Transcription complete!' ELSE 'Stopped' END, attempt, finished_at)
) AS line (position, status, progress, message, attempt, at)
WHERE line.at IS NOT NULL ORDER BY id, line.position
"""
ESTIMATES = """
INSERT INTO estimate (session_id, attempt, fraction, made_at, raw_sec, estimated_sec, low_sec, high_sec, sessions)
SELECT id, CASE WHEN fraction < 0 THEN 0 ELSE attempt END, fraction, at, left_sec * off, left_sec * off,
    left_sec * off * 0.7, left_sec * off * 1.4, 200
FROM session, unnest(ARRAY[-1, 0, 0.5]) AS fraction,
    LATERAL (SELECT CASE WHEN fraction < 0 THEN queued_at ELSE started_at + fraction * (finished_at - started_at) END
             AS at) AS made,
    LATERAL (SELECT greatest(extract(epoch FROM finished_at - at)::float8, 1) AS left_sec, exp(random() - 0.5) AS off)
             AS guess
WHERE status = 'completed'
"""
WORDS = """
INSERT INTO transcript_segment (session_id, position, claim_no, start_sec, end_sec, text, words)
SELECT id, position, attempt, position * 5, position * 5 + 4, 'What would be the smallest step?', '[]'
FROM (SELECT id, attempt FROM session WHERE status = 'completed' ORDER BY created_at DESC LIMIT 2000) AS newest,
    generate_series(0, 9) AS position
"""
NOTE_STALE = """
INSERT INTO statistic_stale (hour) SELECT DISTINCT date_trunc('hour', finished_at, 'UTC')
FROM session WHERE finished_at >= now() - interval '98 days'
"""  # 14 weeks of statistics: as far back as a speed page of this benchmark looks
TABLES = ("session", "attempt", "processing_status", "estimate", "transcript_segment")


@contextmanager
def databases(sizes: tuple[int, ...]) -> Iterator[dict[int, str]]:
    """The URL of a filled database for each number of sessions; they are dropped at the end."""
    admin = engine().execution_options(isolation_level="AUTOCOMMIT")
    urls = {size: make_url(engine().url).set(database=f"million_{size}") for size in sizes}
    try:
        for size, url in urls.items():
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)"))
                connection.execute(text(f"CREATE DATABASE {url.database}"))
            filling = create_engine(url, connect_args={"options": "-c timezone=UTC"})
            with filling.connect() as connection:
                fill(connection, size)
            filling.dispose()
        yield {
            size: url.set(drivername="postgresql").render_as_string(hide_password=False) for size, url in urls.items()
        }
    finally:
        with admin.connect() as connection:
            for url in urls.values():
                connection.execute(text(f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)"))


def fill(connection: Connection, size: int) -> None:
    """Migrate the empty database and put so many sessions into it; indexes are built when the rows are there."""
    alembic = config()
    alembic.attributes["connection"] = connection
    command.upgrade(alembic, "head")
    for setting in OFF:
        connection.execute(text(setting))
    connection.execute(text("SELECT setseed(0.5)"))
    indexes = _indexes(connection)
    for name in indexes:
        connection.execute(text(f"DROP INDEX {name}"))
    values = {
        "n": size,
        "under_way": UNDER_WAY,
        "days": DAYS,
        "coaches": min(COACHES, max(size // 100, 8)),
        "topics": list(TOPICS),
    }
    values |= {"names": list(NAMES), "rare": RARE, "old": OLD}
    connection.execute(text(SESSIONS), values)
    for statement in (ATTEMPTS, HISTORY, ESTIMATES, WORDS, NOTE_STALE):
        connection.execute(text(statement))
    for definition in indexes.values():
        connection.execute(text(definition))
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    connection.execute(text(f"VACUUM ANALYZE {', '.join(TABLES)}"))


def _indexes(connection: Connection) -> dict[str, str]:
    """The definitions of all indexes of the filled tables that no constraint needs, by name."""
    found = connection.execute(
        text(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema AND tablename = ANY(:tables)"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)"
        ),
        {"tables": list(TABLES)},
    )
    return {row.indexname: row.indexdef for row in found}
