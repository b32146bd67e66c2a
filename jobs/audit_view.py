"""The audit trail for operations: page by page, and as CSV."""

from collections.abc import Iterator
from dataclasses import dataclass

from jobs import policy
from jobs.durations import iso
from jobs.history import line
from jobs.policy import Action, Person, on_behalf_of
from store import audit
from store.audit import AuditFilter, AuditRow

COLUMNS = ("at", "action", "actor", "actor_email", "session_id", "target", "detail", "address")


@dataclass(frozen=True)
class AuditPage:
    """The newest rows first; `next` is what to ask for to read on, None on the last page."""

    rows: list[AuditRow]
    next: int | None


def page(person: Person, which: AuditFilter, before: int | None = None, limit: int = 50) -> AuditPage:
    """Rows older than the one with the id `before`. NotAllowed for a coach."""
    policy.require(person, Action.AUDIT)
    with on_behalf_of(person) as db:
        found = audit.page(db, which, before=before, limit=limit + 1)
    more, rows = len(found) > limit, found[:limit]
    return AuditPage(rows, rows[-1].id if more else None)


def as_csv(person: Person, which: AuditFilter) -> Iterator[str]:
    """Every row of the filter as lines of CSV, the head first; itself on record. NotAllowed, before the first line."""
    policy.require(person, Action.AUDIT)
    with on_behalf_of(person) as db:
        audit.record(db, audit.Action.DOWNLOADED, person.actor, target="audit as CSV")
    return _lines(person, which)


def _lines(person: Person, which: AuditFilter) -> Iterator[str]:
    yield line(COLUMNS)
    with on_behalf_of(person) as db:
        for row in audit.rows(db, which):
            values = [getattr(row, name) for name in COLUMNS[1:]]
            yield line((iso(row.at), *(None if value is None else str(value) for value in values)))
