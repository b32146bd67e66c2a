"""Records by their ids, whatever their number, in one statement and one round trip: what clients poll for."""

import uuid
from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Uuid, any_, bindparam

from store.one_round_trip import OneRoundTrip
from store.schema import CoachingSession
from store.scope import Scope
from store.session_queries import SessionRecord, select_records
from store.states import Priority, Status


def look_up(ids: Collection[uuid.UUID], *, owner: str | None = None, scope: Scope | None = None) -> list[SessionRecord]:
    """The sessions with these ids, of this owner where one is given; unknown ones are left out. Row-level security
    holds for the scope, as in `store.database.transaction`."""
    if not ids:
        return []
    wanted = _statement(of_owner=owner is not None)
    values: dict[str, Any] = {"ids": list(ids)} | ({} if owner is None else {"owner": owner})
    return [_record(dict(zip(wanted.names, row, strict=True))) for row in wanted.rows(scope, **values)]


@cache
def _statement(*, of_owner: bool) -> OneRoundTrip:
    wanted = select_records().where(CoachingSession.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    return OneRoundTrip(wanted.where(CoachingSession.owner == bindparam("owner")) if of_owner else wanted)


def _record(facts: dict[str, Any]) -> SessionRecord:
    facts["status"], facts["priority"] = Status(facts["status"]), Priority(facts["priority"])
    return SessionRecord(**facts)
