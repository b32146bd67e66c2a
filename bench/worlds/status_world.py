"""Many sessions in all states, and people with tokens who own half of them: the world of the status benchmarks."""

import hashlib
import uuid
from dataclasses import dataclass

from sqlalchemy import text

from jobs import messages
from store.database import transaction
from store.settings import settings

SESSIONS = 20_000
ACCOUNTS = 64
LOCAL, SIGNED_IN = "local", "signed in"
KINDS = {  # one in so many is of this state, from this number on; the others are completed
    "pending": (200, 0),
    "processing": (200, 1),
    "failed": (20, 2),
    "cancelled": (20, 3),
}
PEOPLE = """
INSERT INTO account (id, issuer, subject, email, name)
SELECT 'bench-' || i, 'https://id.example.org', 'bench-' || i, 'bench-' || i || '@example.org', 'Bench ' || i
FROM generate_series(0, :accounts - 1) AS i;
INSERT INTO api_token (id, account_id, name, secret_sha256, scope, expires_at)
SELECT lpad(to_hex(i), 16, '0'), 'bench-' || i, 'bench', encode(sha256(convert_to(repeat('a', 64), 'UTF8')), 'hex'),
       'read', now() + interval '1 day'
FROM generate_series(0, :accounts - 1) AS i
"""
FILL = """
CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT md5('bench-' || i)::uuid AS id, i,
       CASE WHEN i / 200 % 2 = 0 THEN :owner ELSE 'bench-' || i % :accounts END AS owner,
       CASE WHEN :moving AND i % 200 = 0 THEN 'pending' WHEN :moving AND i % 200 = 1 THEN 'processing'
            WHEN i % 20 = 2 THEN 'failed' WHEN i % 20 = 3 THEN 'cancelled' ELSE 'completed' END AS status,
       now() - (i / 200) * interval '10 minutes' AS at
FROM generate_series(1, :sessions) AS i;
INSERT INTO session (id, owner, title, audio_filename, audio_uri, audio_size_bytes, audio_sha256, audio_format,
                     duration_total, duration_processed, language, engine, status, attempt, error_code, error_text,
                     created_at, queued_at, started_at, heartbeat_at, moved_at, finished_at)
SELECT id, owner, 'Session ' || i, 'session-' || i || '.wav', 'local://' || i, 1, md5(i::text), 'WAV', 1800,
       CASE status WHEN 'completed' THEN 1800 WHEN 'processing' THEN 450 ELSE 0 END, 'en', 'pocketsphinx', status,
       CASE status WHEN 'pending' THEN 0 ELSE 1 END, CASE status WHEN 'failed' THEN 'decoding-failed' END,
       CASE status WHEN 'failed' THEN 'The recording could not be decoded.' END, at, at,
       CASE status WHEN 'pending' THEN NULL WHEN 'processing' THEN now() - interval '100 s' ELSE at END,
       CASE status WHEN 'pending' THEN NULL ELSE now() + interval '1 hour' END,
       CASE status WHEN 'processing' THEN now() - interval '2 s' END,
       CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN at + interval '400 s' END
FROM made;
INSERT INTO attempt (session_id, number, claim_no, engine, worker, started_by, expected_sec, expected_from, spread,
                     processed_sec, queued_at, started_at, finished_at, outcome)
SELECT id, 1, 1, 'pocketsphinx', 'bench', 'upload', 450, 'history', 1.5, 1800, at, at,
       CASE WHEN status <> 'processing' THEN at + interval '400 s' END,
       CASE WHEN status <> 'processing' THEN status END
FROM made WHERE status <> 'pending';
INSERT INTO processing_status (session_id, status, progress, message, actor, attempt, claim_no)
SELECT id, 'pending', 0, :waiting, owner, 0, 0 FROM made;
INSERT INTO processing_status (session_id, status, progress, message, actor, attempt, claim_no)
SELECT id, status, CASE status WHEN 'completed' THEN 100 ELSE 25 END, :message, 'bench', 1, 1
FROM made WHERE status <> 'pending'
"""


@dataclass(frozen=True)
class Asked:
    """A session of the world, and what a client sends to see it."""

    session_id: uuid.UUID
    path: str
    headers: dict[str, str]


def make(*, moving: bool = True) -> None:
    """Put the world into the database, in the place of an earlier one; unless `moving`, everything in it has ended."""
    facts = {"moving": moving, "owner": settings().owner, "accounts": ACCOUNTS, "sessions": SESSIONS}
    words = {"waiting": messages.WAITING, "message": messages.PROCESSING}
    remove()
    with transaction() as db:
        db.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in f"{PEOPLE};{FILL}".split(";"):
            values = {name: value for name, value in (facts | words).items() if f":{name}" in statement}
            db.execute(text(statement), values)
    with transaction() as db:
        db.execute(text("ANALYZE"))


def remove() -> None:
    """Take it out again."""
    with transaction() as db:
        db.execute(text("SET LOCAL statement_timeout = 0"))
        db.execute(
            text("DELETE FROM session WHERE id IN (SELECT md5('bench-' || i)::uuid FROM generate_series(1, :n) AS i)"),
            {"n": SESSIONS},
        )
        db.execute(text("DELETE FROM account WHERE id LIKE 'bench-%'"))


def asked(who: str, *, a_state: int = 1000) -> list[Asked]:
    """At most `a_state` sessions of each of the five states that this caller may see, each as it is asked for."""
    found = []
    for state in (*KINDS, "completed"):
        numbers = [i for i in range(1, SESSIONS + 1) if _state(i) == state and (i // 200 % 2 == 0) == (who == LOCAL)]
        found += [_asked(i, who) for i in numbers[:a_state]]
    return found


def _state(number: int) -> str:
    return next((state for state, (every, at) in KINDS.items() if number % every == at), "completed")


def _asked(number: int, who: str) -> Asked:
    session_id = uuid.UUID(hashlib.md5(f"bench-{number}".encode()).hexdigest())
    token = f"td_{number % ACCOUNTS:016x}_{'a' * 64}"
    headers = {"Authorization": f"Bearer {token}"} if who == SIGNED_IN else {}
    return Asked(session_id, f"/api/v1/sessions/{session_id}/status", headers)
