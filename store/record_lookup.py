"""Records by their ids, whatever their number, in one statement and one round trip: what clients poll for."""

import uuid
from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Uuid, any_, bindparam
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

from store.database import on_behalf, statements
from store.schema import CoachingSession
from store.scope import Scope
from store.session_queries import SessionRecord, select_records
from store.states import Priority, Status


def look_up(ids: Collection[uuid.UUID], *, owner: str | None = None, scope: Scope | None = None) -> list[SessionRecord]:
    """The sessions with these ids, of this owner where one is given; unknown ones are left out. Row-level security
    holds for the scope, as in `store.database.transaction`."""
    statement, given = _statement(of_owner=owner is not None)
    values = given | {"ids": list(ids)} | ({} if owner is None else {"owner": owner})
    if scope is not None:
        statement, values = on_behalf(statement, values, scope)
    with statements() as connection:
        found = connection.exec_driver_sql(statement, values)
        names = list(found.keys())
        return [_record(dict(zip(names, row, strict=True))) for row in found.all()]


@cache
def _statement(*, of_owner: bool) -> tuple[str, dict[str, Any]]:
    """Written once: SQLAlchemy would take longer over it each time than Postgres."""
    wanted = select_records().where(CoachingSession.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    if of_owner:
        wanted = wanted.where(CoachingSession.owner == bindparam("owner"))
    compiled = wanted.compile(dialect=PGDialect_psycopg2())  # type: ignore[no-untyped-call]  # published without types
    given = {name: value for name, value in compiled.params.items() if name not in {"ids", "owner"}}
    return str(compiled), given


def _record(facts: dict[str, Any]) -> SessionRecord:
    facts["status"], facts["priority"] = Status(facts["status"]), Priority(facts["priority"])
    return SessionRecord(**facts)
