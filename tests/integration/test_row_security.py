"""Row-level security below the policy: what a coach's transaction can do when every filter is forgotten."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from jobs.policy import on_behalf_of
from store import audit, people_schema, provider_schema, statistics_schema, tokens
from store.audit import Action, Actor
from store.database import transaction
from store.schema import Base
from store.tokens import TokenScope
from tests.instruments.claims import claimed, complete, finish_chunk
from tests.instruments.people import coach, ops

assert people_schema
assert provider_schema
assert statistics_schema
New = Callable[..., uuid.UUID]
# what a coach's transaction may do with a table; a new table belongs here, and policies into a migration
COACH_MAY = {
    "session": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "upload": {"SELECT", "INSERT", "DELETE"},
    "processing_status": {"SELECT", "INSERT"},
    "attempt": {"SELECT", "UPDATE"},
    "transcript_chunk": {"SELECT"},
    "transcript_segment": {"SELECT"},
    "speaker": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "remote_operation": {"SELECT"},
    "api_token": {"SELECT", "INSERT", "UPDATE"},
    "audit": {"SELECT", "INSERT"},
    "estimate": {"SELECT"},
    "statistic": {"SELECT"},
    "statistic_stale": {"SELECT"},
    "account": set(),
    "engine_stop": set(),
}
OPS_MAY = COACH_MAY | {"engine_stop": {"SELECT", "UPDATE"}}


@pytest.mark.parametrize(("role", "may"), [("transcript_coach", COACH_MAY), ("transcript_ops", OPS_MAY)])
def test_no_table_is_forgotten(role: str, may: dict[str, set[str]]) -> None:
    assert may.keys() == set(Base.metadata.tables)
    privileges = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    with transaction() as db:
        for table, expected in may.items():
            secured = text("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = CAST(:t AS regclass)")
            assert db.execute(secured, {"t": table}).one() == (True, False), table
            granted = {
                word
                for word in privileges
                if db.scalar(text("SELECT has_table_privilege(:r, :t, :w)"), {"r": role, "t": table, "w": word})
            }
            assert granted == expected, table


def test_a_coach_sees_and_changes_nothing_of_others(new_session: New) -> None:
    hers = new_session(owner="anna")
    claim = claimed()
    assert finish_chunk(claim)
    assert complete(claim)
    new_session(owner="ben")
    seen = "SELECT count(*) FROM {}"
    with on_behalf_of(coach("ben")) as db:
        assert db.scalar(text(seen.format("session"))) == 1
        for table in ("attempt", "transcript_chunk", "transcript_segment"):
            assert db.scalar(text(seen.format(table))) == 0
        assert db.scalar(text(seen.format("processing_status"))) == 1
        changed = text("UPDATE session SET title = 'taken' RETURNING owner")
        assert db.scalars(changed).all() == ["ben"]
    with on_behalf_of(coach("anna")) as db:
        assert db.scalar(text(seen.format("transcript_segment"))) == 1
    with on_behalf_of(ops()) as db:
        assert db.scalar(text(seen.format("session"))) == 2
    with transaction() as db:
        assert db.scalar(text("SELECT title FROM session WHERE id = :id"), {"id": hers}) == "Session"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE session SET owner = 'anna'",  # give one away
        "INSERT INTO upload (id, owner, audio_filename, audio_uri, audio_size_bytes, audio_sha256, audio_format,"
        " duration_total) VALUES (gen_random_uuid(), 'anna', 'a', 'local://x', 1, 'x', 'WAV', 1)",
        "INSERT INTO processing_status (session_id, status, progress, message, actor, attempt, claim_no)"
        " SELECT :hers, 'pending', 0, 'x', 'ben', 0, 0",
        "INSERT INTO audit (actor, action) VALUES ('anna', 'deleted')",  # blame somebody else
        "DELETE FROM audit",
        "SELECT * FROM account",
        "UPDATE account SET role = 'ops'",
        "SELECT * FROM engine_stop",
        "TRUNCATE session CASCADE",
        "ALTER TABLE session DISABLE ROW LEVEL SECURITY",
    ],
)
def test_what_a_coachs_transaction_is_refused(statement: str, new_session: New) -> None:
    hers = new_session(owner="anna")
    new_session(owner="ben")
    values = {"hers": hers} if ":hers" in statement else {}
    with pytest.raises(DBAPIError) as refusal, on_behalf_of(coach("ben")) as db:
        db.execute(text(statement), values)
    assert getattr(refusal.value.orig, "pgcode", None) == "42501"  # insufficient_privilege


def test_tokens_are_their_accounts_alone_even_for_ops() -> None:
    with transaction() as db:
        db.execute(
            text(
                "INSERT INTO account (id, issuer, subject, email, name)"
                " SELECT who, 'i', who, who, who FROM unnest(ARRAY['anna', 'olga']) AS who"
            )
        )
    with on_behalf_of(coach("anna")) as db:
        tokens.add(db, "0" * 16, account_id="anna", name="t", secret_sha256="0" * 64, scope=TokenScope.READ, days=1)
        assert len(tokens.of_account(db, "anna")) == 1
    for other in (coach("ben"), ops("olga")):
        with on_behalf_of(other) as db:
            assert tokens.of_account(db, "anna") == []
            assert not tokens.revoke(db, "0" * 16, account_id="anna")


def test_of_the_record_a_coach_sees_what_they_did_and_ops_all() -> None:
    for who in (coach("anna"), coach("ben")):
        with on_behalf_of(who) as db:
            audit.record(db, Action.RETRIED, who.actor)
    with transaction() as db:
        audit.record(db, Action.EXPIRED, Actor("reconciler"))
    with on_behalf_of(coach("anna")) as db:
        assert [row.actor for row in audit.page(db, audit.AuditFilter())] == ["anna"]
    with on_behalf_of(ops()) as db:
        assert len(audit.page(db, audit.AuditFilter())) == 3


def test_the_next_transaction_on_the_same_connection_is_the_products_again(new_session: New) -> None:
    new_session(owner="anna")
    with on_behalf_of(coach("ben")) as db:
        connection = db.scalar(text("SELECT pg_backend_pid()"))
        assert db.scalar(text("SELECT count(*) FROM session")) == 0
    with pytest.raises(ZeroDivisionError), on_behalf_of(coach("ben")):
        raise ZeroDivisionError
    with transaction() as db:
        assert db.scalar(text("SELECT pg_backend_pid()")) == connection
        assert db.scalar(text("SELECT count(*) FROM session")) == 1
        assert db.scalar(text("SELECT current_setting('desk.account', true)")) == ""


@pytest.mark.parametrize("account_id", ["", "'; DROP TABLE session; --", "%", "anna' OR 'a' = 'a"])
def test_an_account_that_is_none_sees_nothing(account_id: str, new_session: New) -> None:
    new_session(owner="anna")
    with on_behalf_of(coach(account_id)) as db:
        assert db.scalar(text("SELECT count(*) FROM session")) == 0
