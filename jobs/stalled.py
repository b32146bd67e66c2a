"""Stalled and overdue, derived from facts and the clock. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from store.session_queries import SessionRecord
from store.settings import settings
from store.states import Status


@dataclass(frozen=True)
class Health:
    """What is wrong with a session that should be moving; both False when nothing is."""

    stalled: bool
    overdue: bool
    evidence: str = ""
    advice: str = ""


WELL = Health(stalled=False, overdue=False)


def health(record: SessionRecord) -> Health:
    """Of a processing session; `nobody_comes` judges a pending one.

    Stalled: no heartbeat for a lease. Overdue: running for longer than the overdue factor times its expected duration,
    and a lease more, so that a recording of seconds does not alarm anyone.
    """
    return _running(record) if record.status is Status.PROCESSING else WELL


def nobody_comes(record: SessionRecord, *, workers_alive: int, workers_busy: int, queue_reachable: bool) -> Health:
    """A pending session that nothing is going to pick up: no worker, no queue, or a free worker that never comes."""
    if record.status is not Status.PENDING or (record.next_run_at and record.next_run_at > record.now):
        return WELL
    waited = (record.now - max(record.queued_at, record.next_run_at or record.queued_at)).total_seconds()
    if waited < settings().lease_sec + 2 * settings().reconcile_sec:
        return WELL
    if not queue_reachable:
        return Health(True, False, "Redis does not answer, so no worker hears of it.", "Start Redis; nothing is lost.")
    if workers_alive == 0:
        return Health(True, False, "No worker is alive.", "Start workers; the session is then picked up by itself.")
    if workers_busy < workers_alive:
        return Health(
            True,
            False,
            f"Due for {waited:.0f} s while {workers_alive - workers_busy} of {workers_alive} workers are free.",
            "Retry rings for it again; if that does not help, look at the reconcilers' log.",
        )
    return WELL


def lease_has_run_out(record: SessionRecord) -> bool:
    lease = timedelta(seconds=settings().lease_sec)
    silent = record.heartbeat_at is not None and record.now - record.heartbeat_at > lease
    return silent and record.next_run_at is None  # a parked session is held by nobody


def _look_is_late_sec(record: SessionRecord) -> float:
    """How long a parked session waits for the look that is due; 0 when none is."""
    return max((record.now - record.next_run_at).total_seconds(), 0.0) if record.next_run_at else 0.0


def _running(record: SessionRecord) -> Health:
    age = (record.now - record.heartbeat_at).total_seconds() if record.heartbeat_at else 0.0
    elapsed = (record.now - record.started_at).total_seconds() if record.started_at else 0.0
    expected = record.expected_sec or 0.0
    if (late := _look_is_late_sec(record)) > settings().lease_sec + 2 * settings().reconcile_sec:
        return Health(
            True,
            False,
            f"The next look at the provider's operation is due since {late:.0f} s.",
            "Start workers if none is free: any of them goes on with it.",
        )
    if lease_has_run_out(record):
        return Health(
            True,
            False,
            f"No heartbeat for {age:.0f} s from {record.worker}.",
            "The reconciler hands it to another worker by itself; Retry does it now.",
        )
    if expected and elapsed > settings().overdue_factor * expected + settings().lease_sec:
        return Health(
            False,
            True,
            f"Running for {elapsed:.0f} s, expected {expected:.0f} s; last heartbeat {age:.0f} s ago.",
            "It still moves: wait, or cancel it and retry if its percentage stands still.",
        )
    return WELL
