"""Retry or cancel everything that a filter finds: each session by its own transition, as if done one by one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from jobs import retry_cancel
from jobs.policy import Person, on_behalf_of, scope_of
from jobs.retry_cancel import NotPossible, SessionNotFound
from store import history_queries
from store.history_queries import Counted, HistoryFilter
from store.states import Status


class Bulk(StrEnum):
    RETRY = "retry"
    CANCEL = "cancel"


CONCERNS = {
    Bulk.RETRY: frozenset({Status.FAILED, Status.CANCELLED}),
    Bulk.CANCEL: frozenset({Status.PENDING, Status.PROCESSING}),
}


@dataclass(frozen=True)
class Done:
    """How many sessions were changed, and how many had moved on before their turn came."""

    changed: int
    moved_on: int


def concerned(bulk: Bulk, which: HistoryFilter) -> HistoryFilter | None:
    """The filter, narrowed to the states that can be retried or cancelled; None when it leaves none of them."""
    statuses = CONCERNS[bulk] & (which.statuses or CONCERNS[bulk])
    return replace(which, statuses=statuses) if statuses else None


def count(bulk: Bulk, which: HistoryFilter, *, person: Person | None = None) -> Counted:
    """How many sessions of the filter this would concern now."""
    narrowed = concerned(bulk, which)
    if narrowed is None:
        return Counted(0, more=False)
    with on_behalf_of(person) as db:
        return history_queries.count(db, narrowed)


def run(bulk: Bulk, which: HistoryFilter, *, actor: str = "", person: Person | None = None) -> Done:
    """Do it to every session of the filter that the person may change; the history of each names them, or `actor`."""
    if person is not None and (owner := scope_of(person)) is not None:
        which = replace(which, owner=owner)
    narrowed = concerned(bulk, which)
    if narrowed is None:
        return Done(0, 0)
    with on_behalf_of(person) as db:
        ids = history_queries.ids(db, narrowed)
    act = {Bulk.RETRY: retry_cancel.retry, Bulk.CANCEL: retry_cancel.cancel}[bulk]
    changed = sum(_changed(partial(act, session_id, actor=actor, person=person)) for session_id in ids)
    return Done(changed, len(ids) - changed)


def _changed(act: Callable[[], None]) -> bool:
    try:
        act()
    except (NotPossible, SessionNotFound):
        return False
    return True
