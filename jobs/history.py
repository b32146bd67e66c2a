"""Finished and other sessions as a page of views, and as CSV."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from jobs import board, bulk, policy
from jobs.bulk import Bulk
from jobs.durations import iso
from jobs.engines.registry import engine_label
from jobs.policy import Person, on_behalf_of, scope_of
from jobs.session_view import SessionView, view
from store import audit, history_queries
from store.audit import Action
from store.history_cursor import BadCursor
from store.history_queries import Counted, HistoryFilter, HistoryPage, Sort

COLUMNS = (
    *("session_id", "title", "file", "state", "demo", "uploaded", "finished", "audio_sec", "processing_sec", "speed"),
    *("engine", "language", "attempts", "error", "model"),
)


@dataclass(frozen=True)
class HistoryView:
    """One page; `next` and `previous` are cursors, None where there is nothing further."""

    sessions: list[SessionView]
    count: Counted
    retryable: Counted  # of the filter, not of the page
    cancellable: Counted
    next: str | None
    previous: str | None


def page(person: Person, which: HistoryFilter, sort: Sort, cursor: str | None, limit: int) -> HistoryView:
    """The page at `cursor` of what the person may see; the first one when the cursor leads nowhere."""
    which = visible(person, which)
    with on_behalf_of(person) as db:
        try:
            found = history_queries.page(db, which, sort, cursor, limit)
        except BadCursor:
            found = HistoryPage([], None, None)
        if cursor is not None and not found.records:  # of another filter, as the browser's Back brings it
            found = history_queries.page(db, which, sort, None, limit)
        if found.next is None and found.previous is None:
            count = Counted(len(found.records), False, Counter(record.status for record in found.records))
        else:
            count = found.count or history_queries.count(db, which)
    sessions = board.views(found.records)
    retryable, cancellable = (_concerned(what, which, count, person) for what in (Bulk.RETRY, Bulk.CANCEL))
    return HistoryView(sessions, count, retryable, cancellable, found.next, found.previous)


def _concerned(what: Bulk, which: HistoryFilter, count: Counted, person: Person) -> Counted:
    """How many of the filter's sessions this would concern, for whoever may do it. What was counted tells it; of a text
    that many have perhaps only that there are some: counting words is slow."""
    concerned = bulk.concerned(what, which)
    if concerned is None or not policy.may(person, policy.Action.MEND):
        return Counted(0, more=False)
    found = {status: number for status, number in count.by_status.items() if status in concerned.statuses}
    if not (which.words and count.more):
        return Counted.up_to(history_queries.COUNT_CAP, found)
    return (
        Counted(min(sum(found.values()), count.number), more=True) if found else bulk.count(what, which, person=person)
    )


def as_csv(person: Person, which: HistoryFilter) -> Iterator[str]:
    """Every session of the filter that the person may see, as lines of CSV, read from the database as consumed."""
    which = visible(person, which)
    yield line(COLUMNS)
    with on_behalf_of(person) as db:
        audit.record(db, Action.DOWNLOADED, person.actor, target="history as CSV")
        for record in history_queries.rows_for_csv(db, which):
            shown = view(record)
            yield line(
                (
                    str(record.id),
                    record.title,
                    record.audio_filename,
                    str(record.status),
                    "yes" if record.demo else "no",
                    iso(record.created_at),
                    iso(record.finished_at),
                    f"{record.duration_total:.1f}",
                    "" if shown.processing_sec is None else f"{shown.processing_sec:.1f}",
                    "" if shown.speed is None else f"{shown.speed:.2f}",
                    engine_label(record.engine),
                    record.language,
                    str(record.attempt),
                    record.error_text,
                    record.model,
                )
            )


def visible(person: Person | None, which: HistoryFilter) -> HistoryFilter:
    """The filter, narrowed to what the person may see: ops may ask for one owner, a coach gets their own anyway."""
    owner = scope_of(person)
    return which if owner is None else replace(which, owner=owner)


def line(cells: tuple[str | None, ...]) -> str:
    """One line of CSV."""
    written = io.StringIO()
    csv.writer(written).writerow([_harmless(cell or "") for cell in cells])
    return written.getvalue()


def _harmless(cell: str) -> str:
    """A spreadsheet runs what begins like a formula: a quote before it makes it text."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
