"""Takes one protection out of the product's processes, so that the suite can show that it notices.

Each sabotage patches functions in the processes that launch.py starts; nothing of it exists in production code. It is
called with the kind of the process: `web`, `worker` or `reconciler`.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from tests.faults.seams import replace

LATE_SEC = 1.0
Function = Callable[..., Any]


def fence(_kind: str) -> None:
    """A worker's outcome counts whoever holds the claim."""

    def claimless(function: Function) -> Function:
        return lambda *given, **named: function(*given, **named | {"claim_no": None})

    replace("store.outcomes:transition", claimless)


def checkpoint_fence(_kind: str) -> None:
    """A finished chunk is stored whoever holds the claim."""
    replace("store.checkpoints:hold", lambda _: lambda *_given: True)


def compare_and_set(_kind: str) -> None:
    """A transition does not look at the state that it leaves."""
    from store.states import Status

    def careless(function: Function) -> Function:
        return lambda *given, **named: function(*given, **named | {"before": set(Status)})

    replace("store.transitions:is_legal", lambda _: lambda _before, _after: True)
    replace("store.outcomes:transition", careless)


def atomic_commit(kind: str) -> None:
    """The session is completed in one transaction, and its transcript written in the next."""
    if kind != "worker":
        return
    from sqlalchemy import insert

    from store.database import transaction
    from store.schema import TranscriptSegment
    from store.transcript_queries import segments_so_far

    def in_two(function: Function) -> Function:
        def complete(db: Any, session_id: Any, claim_no: int, *, engine: str, **named: Any) -> int | None:
            segments = segments_so_far(db, session_id)
            with transaction() as first:
                done: int | None = function(first, session_id, claim_no, engine="", **named)
            if done is not None and segments:
                rows = [
                    {"session_id": session_id, "position": position, "claim_no": claim_no, **segment}
                    for position, segment in enumerate(segments)
                ]
                db.execute(insert(TranscriptSegment), rows)
            return None if done is None else len(segments)

        return complete

    replace("store.outcomes:complete", in_two)


def acknowledge(kind: str) -> None:
    """An upload is acknowledged a second before its row is committed."""
    if kind != "web":
        return
    from sqlalchemy.orm import Session

    from jobs import board, submit
    from store.database import engine
    from store.session_queries import by_ids

    promised: dict[Any, Any] = {}

    def early(function: Function) -> Function:
        def promise(recording: Any, wishes: Any, **named: Any) -> submit.Submission:
            with Session(engine()) as db:  # never committed: what the row would look like
                submit._insert(db, recording, wishes.check(), None)
                promised[recording.id] = board.views(by_ids(db, [recording.id]))[0]

            def later() -> None:
                time.sleep(LATE_SEC)
                function(recording, wishes, **named)

            threading.Thread(target=later, daemon=True).start()
            return submit.Submission(recording.id, None)

        return promise

    replace("jobs.submit:submit", early)
    replace("jobs.board:session", lambda function: lambda of, *owner: function(of, *owner) or promised.get(of))


def sweep(kind: str) -> None:
    """The sweep for orphaned audio does not ask whether a session names it."""
    if kind == "reconciler":
        replace("store.repair_queries:unknown_audio", lambda _: lambda _db, uris: uris)
        replace("jobs.reconcile:ORPHAN_AGE", lambda _: timedelta(0))
        replace("jobs.reconcile:SWEEP_SEC", lambda _: LATE_SEC)


def watchdog(kind: str) -> None:
    """A worker that cannot reach the database is not killed when its lease has run out."""
    if kind == "worker":
        replace("jobs.watchdog:Watchdog._watch", lambda _: lambda _self: None)


def leash(kind: str) -> None:
    """The children of a killed worker live on."""
    if kind == "worker":
        for module in ("jobs.worker", "jobs.engines.children"):
            replace(f"{module}:die_with_parent", lambda _: lambda _parent: None)


def cores(kind: str) -> None:
    """Each recognising process works when it likes."""
    if kind == "worker":
        replace("jobs.cores:core", lambda _: lambda _session: nullcontext())
        replace("jobs.cores:is_spare", lambda _: lambda: True)


def guard(kind: str) -> None:
    """A process that is stopped keeps its core."""
    if kind == "worker":
        replace("jobs.core_files:Cores.end_stopped", lambda _: lambda _self: None)


def reconciler(kind: str) -> None:
    """No session is taken over and no doorbell rung again."""
    if kind == "reconciler":
        for step in ("take_over_lost", "ring_doorbells"):
            replace(f"jobs.reconcile:{step}", lambda _: lambda: 0)


def intent(kind: str) -> None:
    """Nobody searches for an operation that may have been accepted: it is soon submitted again."""
    if kind == "worker":
        os.environ["UNKNOWN_SUBMISSION_SEC"] = "3"  # half of it is what a submission may take
        replace("jobs.engines.google.engine:Google.find", lambda _: lambda *_given: None)


def stale_intent(kind: str) -> None:
    """A worker that stood still between its intent and the submission does not notice."""
    if kind == "worker":
        replace("jobs.remote.attempt:FUSE_SHARE", lambda _: 1e6)
        replace("jobs.remote.attempt:STALE_INTENT_SEC", lambda _: float("inf"))


def abandoned(kind: str) -> None:
    """Operations that nobody waits for any more are left alone."""
    if kind == "reconciler":
        replace("jobs.reconcile:end_abandoned", lambda _: lambda: 0)


SABOTAGES: dict[str, Callable[[str], None]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        *(fence, checkpoint_fence, compare_and_set, atomic_commit, acknowledge, sweep),
        *(watchdog, leash, cores, guard, reconciler),
        *(intent, stale_intent, abandoned),
    )
}
