"""How Postgres goes about the product's own statements: caught as they are sent, and explained."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from store.database import ROLES, engine, transaction
from store.one_round_trip import OneRoundTrip
from store.scope import Scope

BIG = frozenset({"session", "attempt", "processing_status", "estimate", "transcript_segment", "transcript_chunk"})
ON_BEHALF = "SELECT set_config('role'"


@dataclass(frozen=True)
class Sent:
    """A statement as the product sent it, with its values, and the role that it was sent for."""

    statement: str
    values: Any
    behalf: Any


@contextmanager
def caught() -> Iterator[list[Sent]]:
    """The statements that this process sends in the block."""
    sent: list[Sent] = []
    behalf: dict[int, Any] = {}

    def note(connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        transaction_of = id(connection.get_transaction())
        if statement.startswith(ON_BEHALF):
            behalf[transaction_of] = values
        elif statement.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            sent.append(Sent(statement, values, behalf.get(transaction_of)))

    rows = OneRoundTrip.rows  # goes past SQLAlchemy's events

    def note_rows(asked: OneRoundTrip, scope: Scope | None = None, **values: Any) -> list[tuple[Any, ...]]:
        behalf_of = {"role": ROLES[scope.role], "account": scope.account_id} if scope else None
        sent.append(Sent(asked.text, asked.values(**values), behalf_of))
        return rows(asked, scope, **values)

    event.listen(engine(), "before_cursor_execute", note)
    OneRoundTrip.rows = note_rows  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        OneRoundTrip.rows = rows  # type: ignore[method-assign]
        event.remove(engine(), "before_cursor_execute", note)


def scans(ask: Callable[[], object]) -> list[str]:
    """The sequential scans of big tables in what the product asks, each with the beginning of its statement."""
    with caught() as sent:
        ask()
    return [f"{table}: {' '.join(one.statement.split())[:200]}" for one in sent for table in _scanned(one)]


def indexes(ask: Callable[[], object]) -> set[str]:
    """The indexes that are used for what the product asks."""
    with caught() as sent:
        ask()
    return {node["Index Name"] for one in sent for node in _nodes(one) if "Index Name" in node}


def _scanned(sent: Sent) -> list[str]:
    return [
        node["Relation Name"]
        for node in _nodes(sent)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG
    ]


def _nodes(sent: Sent) -> Iterator[dict[str, Any]]:
    with transaction() as db:
        _act_for(db, sent.behalf)
        cursor = db.connection().connection.cursor()
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sent.statement}", sent.values)
        found = cursor.fetchone()
        assert found is not None
        plan = found[0] if isinstance(found[0], list) else json.loads(found[0])
    yield from _below(plan[0]["Plan"])


def _act_for(db: Session, behalf: Any) -> None:
    if behalf is not None:
        cursor = db.connection().connection.cursor()
        values = (behalf["role"], behalf["account"])
        cursor.execute("SELECT set_config('role', %s, true), set_config('desk.account', %s, true)", values)


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", []):
        yield from _below(part)
