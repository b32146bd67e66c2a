"""What reading costs: one query for any number of sessions, one round trip, and none to find out that a connection is
there; a connection that is not is replaced."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from sqlalchemy import event, text

from jobs import board
from store import record_lookup
from store.database import engine, transaction
from store.one_round_trip import OneRoundTrip
from store.scope import Role, Scope
from store.settings import settings

NewSession = Callable[..., uuid.UUID]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The first line of every statement that is sent from now on."""
    statements: list[str] = []
    honest = OneRoundTrip.rows

    def rows(one: OneRoundTrip, scope: Scope | None = None, **values: Any) -> list[tuple[Any, ...]]:
        statements.append(one.text)
        return honest(one, scope, **values)

    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    monkeypatch.setattr(OneRoundTrip, "rows", rows)
    event.listen(engine(), "before_cursor_execute", executed)
    yield statements
    event.remove(engine(), "before_cursor_execute", executed)


def test_any_number_of_ids_is_one_query_beside_what_all_share(new_session: NewSession, asked: list[str]) -> None:
    ids = [new_session() for _ in range(60)]
    asked.clear()
    assert len(board.sessions(ids[:1])) == 1
    alone = list(asked)
    assert len(board.sessions(ids)) == 60  # a moment later: what all share is there
    assert len(asked) - len(alone) == 1
    assert (
        len(alone) <= 7
    )  # the session; what finished ones teach; who waits, runs and was served, and the running ones
    asked.clear()
    assert board.sessions([]) == []
    assert asked == []


def test_each_person_gets_their_own_over_the_same_connection(new_session: NewSession) -> None:
    hers, his = new_session(owner="anna"), new_session(owner="ben")
    anna, ben, olga = (
        Scope("anna", Role.COACH),
        Scope("ben", Role.COACH),
        Scope("olga", Role.OPS),
    )
    for _ in range(8):  # beyond the five plans that Postgres would make anew
        for scope, theirs in ((anna, {hers}), (ben, {his}), (olga, {hers, his}), (None, {hers, his})):
            found = record_lookup.look_up([hers, his], scope=scope)
            assert {record.id for record in found} == theirs
    assert record_lookup.look_up([hers, his], owner="ben", scope=anna) == []
    with transaction() as db:
        assert db.scalars(text("SELECT current_user")).one() == db.scalars(text("SELECT session_user")).one()


def test_records_are_the_same_as_those_of_a_transaction(new_session: NewSession) -> None:
    from store.session_queries import by_id

    session_id = new_session()
    [found] = record_lookup.look_up([session_id])
    with transaction() as db:
        other = by_id(db, session_id)
    assert other is not None
    assert {**vars(found), "now": None} == {**vars(other), "now": None}
    assert type(found.status) is type(other.status)


def test_connections_that_the_server_closed_are_replaced(new_session: NewSession) -> None:
    session_id = new_session()
    for read in (lambda: record_lookup.look_up([session_id]), lambda: board.my_sessions(None)):
        assert read()
        cut_off()
        assert read()


def test_a_healthy_connection_is_not_asked_whether_it_is_there(
    new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    pings: list[int] = []
    monkeypatch.setattr(type(engine().dialect), "do_ping", lambda *_: pings.append(1))
    session_id = new_session()
    for _ in range(3):
        assert record_lookup.look_up([session_id])
    assert pings == []


def test_without_its_prepared_statement_a_connection_answers_all_the_same(new_session: NewSession) -> None:
    """As behind a pooler that gives each transaction another server."""
    session_id = new_session()
    assert record_lookup.look_up([session_id])
    with transaction() as db:
        db.execute(text("DEALLOCATE ALL"))
    for scope in (None, Scope("coach", Role.COACH)):
        assert [record.id for record in record_lookup.look_up([session_id], scope=scope)] == [session_id]


def cut_off() -> None:
    """As a restarted server would: every pooled connection ends."""
    with psycopg2.connect(settings().database_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        assert cursor.rowcount >= 1
    connection.close()
