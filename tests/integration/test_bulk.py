"""Retrying and cancelling everything that a filter finds."""

import uuid
from collections.abc import Callable
from typing import Any

from jobs import bulk, retry_cancel
from jobs.bulk import Bulk, Done
from store.history_queries import HistoryFilter
from store.states import Status
from tests.instruments.claims import claimed, complete, history_of, record_of

NewSession = Callable[..., uuid.UUID]


def statuses(*ids: uuid.UUID) -> list[Status]:
    return [record_of(session_id).status for session_id in ids]


def cancelled(session_id: uuid.UUID) -> uuid.UUID:
    retry_cancel.cancel(session_id, actor="anna")
    return session_id


def test_everything_of_the_filter_is_retried_and_nothing_else(new_session: NewSession) -> None:
    wanted = [cancelled(new_session(title=f"Team {i}")) for i in range(3)]
    other = cancelled(new_session(title="Alone"))
    which = HistoryFilter(text="team")
    assert bulk.count(Bulk.RETRY, which).number == 3
    assert bulk.run(Bulk.RETRY, which, actor="operations") == Done(changed=3, moved_on=0)
    assert statuses(*wanted, other) == [Status.PENDING] * 3 + [Status.CANCELLED]
    assert history_of(wanted[0])[-1].detail == "Retry requested by operations"


def test_everything_that_waits_or_runs_is_cancelled_and_what_is_finished_stays(new_session: NewSession) -> None:
    done = new_session()
    complete(claimed())
    running = new_session()
    claimed()
    waiting = new_session()
    assert bulk.run(Bulk.CANCEL, HistoryFilter(), actor="operations") == Done(changed=2, moved_on=0)
    assert statuses(done, running, waiting) == [Status.COMPLETED, Status.CANCELLED, Status.CANCELLED]


def test_a_filter_of_states_that_cannot_be_retried_concerns_nothing(new_session: NewSession) -> None:
    cancelled(new_session())
    which = HistoryFilter(statuses=frozenset({Status.COMPLETED}))
    assert bulk.count(Bulk.RETRY, which).number == 0
    assert bulk.run(Bulk.RETRY, which, actor="operations") == Done(0, 0)


def test_what_moved_on_meanwhile_is_counted_apart(new_session: NewSession, monkeypatch: object) -> None:
    first, second = cancelled(new_session()), cancelled(new_session())
    once = retry_cancel.retry

    def retry_both(session_id: uuid.UUID, **by: Any) -> None:
        """Its coach retries the second one by hand while the first is being retried."""
        if session_id == first:
            once(second, actor="anna")
        once(session_id, **by)

    monkeypatch.setattr(retry_cancel, "retry", retry_both)  # type: ignore[attr-defined]
    assert bulk.run(Bulk.RETRY, HistoryFilter(), actor="operations") == Done(changed=1, moved_on=1)
