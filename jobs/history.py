"""Finished and other sessions as a page of views, and as CSV."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jobs import board, bulk
from jobs.bulk import Bulk
from jobs.durations import iso
from jobs.engines.registry import engine_label
from jobs.policy import Person, on_behalf_of, scope_of
from jobs.session_view import SessionView, view
from store import audit, history_queries
from store.audit import Action
from store.history_cursor import BadCursor
from store.history_queries import Counted, HistoryFilter, Sort
from store.session_queries import SessionRecord

COLUMNS = (
    *("session_id", "title", "file", "state", "demo", "uploaded", "finished", "audio_sec", "processing_sec", "speed"),
    *("engine", "language", "attempts", "error"),
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
    """The page at `cursor` of what the person may see; the first one when the cursor is none of ours."""
    which = visible(person, which)
    with on_behalf_of(person) as db:
        try:
            found = history_queries.page(db, which, sort, cursor, limit)
        except BadCursor:
            found = history_queries.page(db, which, sort, None, limit)
        whole = found.next is None and found.previous is None  # then they need not be counted once more
        count = Counted(len(found.records), more=False) if whole else history_queries.count(db, which)
    sessions = board.views(found.records)
    if whole:
        retryable, cancellable = (_on_page(what, which, found.records) for what in (Bulk.RETRY, Bulk.CANCEL))
    else:
        retryable, cancellable = (bulk.count(what, which, person=person) for what in (Bulk.RETRY, Bulk.CANCEL))
    return HistoryView(sessions, count, retryable, cancellable, found.next, found.previous)


def _on_page(what: Bulk, which: HistoryFilter, records: Sequence[SessionRecord]) -> Counted:
    """What `bulk.count` says, when all sessions of the filter are here."""
    concerned = bulk.concerned(what, which)
    statuses = concerned.statuses if concerned else frozenset()
    return Counted(sum(record.status in statuses for record in records), more=False)


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
