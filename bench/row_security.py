"""What row-level security costs: `python -m store.embedded --fast -- python -m bench.row_security [SESSIONS]`.

In a database of its own it makes sessions of 100 coaches with history and words, and times what a coach, operations
and the product itself ask for. The fastest of 51, in milliseconds, since others may use the machine.
"""

import sys
import time
import uuid
from collections.abc import Callable

from alembic import command
from sqlalchemy import Connection, create_engine, make_url, text

from store.database import ON_BEHALF, ROLES, engine
from store.migrations import config
from store.scope import Role

TIMES = 51
COACH = "coach-1"
FILL = """
INSERT INTO session (id, owner, title, audio_filename, audio_uri, audio_size_bytes, audio_sha256, audio_format,
                     duration_total, language, engine, status, attempt, started_at, heartbeat_at, finished_at,
                     created_at)
SELECT md5(i::text)::uuid, 'coach-' || i % 100, 'Session ' || i, 'a.wav', 'local://' || i, 1, md5(i::text), 'WAV',
       60, 'en', 'pocketsphinx', 'completed', 1, at, at, at, at
FROM generate_series(1, :n) AS i, LATERAL (SELECT now() - i * interval '1 minute' AS at) AS moment;
INSERT INTO processing_status (session_id, status, progress, message, actor, attempt, claim_no)
SELECT md5(i::text)::uuid, 'completed', 100, 'Transcription complete!', 'w', 1, 1 FROM generate_series(1, :n) AS i;
INSERT INTO transcript_segment (session_id, position, claim_no, start_sec, end_sec, text, words)
SELECT md5(i::text)::uuid, p, 1, p, p + 1, 'word', '[]'
FROM generate_series(1, 500) AS i, generate_series(0, 1999) AS p;
"""
QUESTIONS = {
    "one session": "SELECT * FROM session WHERE id = :id",
    "history, first page": "SELECT * FROM session WHERE {own} ORDER BY created_at DESC, id DESC LIMIT 50",
    "its history": "SELECT * FROM processing_status WHERE session_id = :id ORDER BY id",
    "its 2,000 segments": "SELECT * FROM transcript_segment WHERE session_id = :id ORDER BY position",
    "forgotten filter: 50 newest": "SELECT * FROM session ORDER BY created_at DESC, id DESC LIMIT 50",
    "forgotten filter: 50 segments": "SELECT * FROM transcript_segment LIMIT 50",
}
CALLERS = {"product": None, "coach": Role.COACH, "ops": Role.OPS}


def main(sessions: int) -> None:
    name = f"bench_{uuid.uuid4().hex[:8]}"
    admin = engine().execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    bench = create_engine(make_url(engine().url).set(database=name))
    with bench.connect() as connection:
        alembic = config()
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")
        for statement in FILL.split(";")[:-1]:
            connection.execute(text(statement), {"n": sessions} if ":n" in statement else {})
        connection.commit()
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    print(f"{sessions:,} sessions, {500 * 2000:,} segments; ms      {'  '.join(f'{caller:>8}' for caller in CALLERS)}")
    with bench.connect() as connection:
        for question, sql in QUESTIONS.items():
            took = [fastest_ms(connection, sql, role) for role in CALLERS.values()]
            print(f"{question:48}  {'  '.join(f'{ms:8.2f}' for ms in took)}")
        took_ms = timed(lambda: None, connection, Role.COACH)
        print(f"{'saying on whose behalf':48}  {took_ms:18.2f}")
    bench.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def fastest_ms(connection: Connection, sql: str, role: Role | None) -> float:
    """The question's own time, on behalf of this role."""
    session_id = connection.execute(text("SELECT md5('101')::uuid")).scalar_one()  # of coach-1
    own = "true" if role is Role.OPS else "owner = :coach"
    question = text(sql.format(own=own))
    values = {"id": session_id, "coach": COACH}
    asked = {name: value for name, value in values.items() if f":{name}" in str(question)}
    return timed(lambda: connection.execute(question, asked).all(), connection, role, inside=True)


def timed(ask: Callable[[], object], connection: Connection, role: Role | None, *, inside: bool = False) -> float:
    took = []
    for _ in range(TIMES):
        connection.rollback()
        before = time.perf_counter()
        if role is not None:
            connection.execute(ON_BEHALF, {"role": ROLES[role], "account": COACH})
        if inside:
            before = time.perf_counter()
        ask()
        took.append(time.perf_counter() - before)
    connection.rollback()
    return min(took) * 1000


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000)
