"""Statements that only read and are asked very often: planned once a connection, and one round trip each.

Each is a transaction of its own, so neither BEGIN nor ROLLBACK is sent, and nothing is worked out anew of its columns.
Planning the one behind a session's status takes Postgres several times longer than its execution.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.errors import DuplicatePreparedStatement, InvalidSqlStatementName
from sqlalchemy import PoolProxiedConnection, Select
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.exc import DBAPIError

from store import slow_queries
from store.database import ROLES, engine, shown_now
from store.scope import Scope

ON_BEHALF = "SELECT set_config('role', %(desk_role)s, true), set_config('desk.account', %(desk_account)s, true); "
PREPARED = "desk-prepared"  # what this connection has: `info` ends with it


class OneRoundTrip:
    """A SELECT with `bindparam`s for what it is asked for."""

    def __init__(self, statement: Select[Any]) -> None:
        dialect = PGDialect_psycopg2()  # type: ignore[no-untyped-call]  # published without types
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.names = [column.name for column in statement.selected_columns]
        self._given = dict(compiled.params)
        self._types = [compiled.binds[name].type.compile(dialect) for name in self._given]

    def values(self, **given: Any) -> dict[str, Any]:
        """All values of the statement, with those given."""
        return self._given | given

    def rows(self, scope: Scope | None = None, **values: Any) -> list[tuple[Any, ...]]:
        """What Postgres answers, as psycopg2 reads it. With a scope row-level security holds for it, as in
        `store.database.transaction`: both statements are sent together, which makes them one transaction."""
        values = self.values(**values)
        role, before = "", ""
        if scope is not None:
            role, before = scope.role.value, ON_BEHALF
            values |= {"desk_role": ROLES[scope.role], "desk_account": scope.account_id}
        with _cursor() as (pooled, cursor), slow_queries.watched(self.text, shown_now()):
            try:
                cursor.execute(f"{before}EXECUTE {self._prepared(pooled, cursor, role)}", values)
            except (InvalidSqlStatementName, DuplicatePreparedStatement):  # a pooler has put another server behind it
                cursor.execute(before + self.text, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def _prepared(self, pooled: PoolProxiedConnection, cursor: Any, role: str) -> str:
        """The call of the statement as this connection has it. A role has its own: Postgres would plan anew whenever
        another one asks."""
        name = f"desk_{zlib.crc32(self.text.encode()):x}_{role}"
        known: set[str] = pooled.info.setdefault(PREPARED, set())
        if name not in known:
            numbered = self.text % {given: f"${number}" for number, given in enumerate(self._given, 1)}
            cursor.execute(f"PREPARE {name}({', '.join(self._types)}) AS {numbered}")
            known.add(name)
        return f"{name}({', '.join(f'%({given})s' for given in self._given)})"


@contextmanager
def _cursor() -> Iterator[tuple[PoolProxiedConnection, Any]]:
    """Errors are SQLAlchemy's, as everywhere; a connection that had one is not used again."""
    try:
        pooled = engine().raw_connection()
    except psycopg2.Error as error:
        raise _as_elsewhere(error) from error
    try:
        connection: Any = pooled.dbapi_connection
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield pooled, cursor
        connection.autocommit = False
    except psycopg2.Error as error:
        pooled.invalidate(error)
        raise _as_elsewhere(error) from error
    except BaseException:
        pooled.invalidate()  # whoever had it next would commit every statement
        raise
    finally:
        pooled.close()


def _as_elsewhere(error: psycopg2.Error) -> BaseException:
    return DBAPIError.instance(None, None, error, psycopg2.Error, hide_parameters=True)
