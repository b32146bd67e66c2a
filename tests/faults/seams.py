"""Which functions of the product are wrapped in the suite's processes, and as which step (crash_points.py)."""

import threading
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.faults import remote_points
from tests.faults.crash_points import clock, hang_if_told, passing

# Functions whose transaction is named: the next COMMIT of the thread passes `step.before_commit` and `.after_commit`
STEPS = {
    "web": {
        "store.intake:insert_session": "upload",
        "store.intake:keep_upload": "keep",
        "store.intake:take_upload": "start",
        "store.outcomes:cancel": "cancel",
        "store.outcomes:retry": "retry",
    },
    "worker": {
        "jobs.claim:take": "claim",
        "jobs.claim:take_parked": "look",
        "jobs.heartbeat:record_progress": "heartbeat",
        "store.checkpoints:resume": "resume",
        "store.checkpoints:save": "checkpoint",
        "store.outcomes:complete": "complete",
        "store.outcomes:release": "hand_back",
    },
    "reconciler": {"store.outcomes:release": "takeover"},
}
WITHOUT_ANSWER = {"keep"}
CLOCKS = ("jobs.claim", "jobs.heartbeat", "jobs.watchdog")
# Points that are passed before or after a function
BEFORE = {
    "web": {
        "store.audio.local:LocalAudioWriter.finish": "audio.before_storing",
        "jobs.doorbell:ring": "doorbell.before_ringing",
    },
    "worker": {
        "jobs.worker:TranscriptionWorker.execute_job": "worker.dequeued",
        "jobs.worker:run_next": "horse.woken",
        "jobs.attempt:run": "claim.before_first_heartbeat",
        "jobs.heartbeat:record_progress": "heartbeat.begins",
        "store.checkpoints:save": "checkpoint.begins",
        "store.outcomes:complete": "complete.begins",
    },
    "reconciler": {
        "jobs.reconcile:settle_lost": "reconciler.found_lost",
        "jobs.doorbell:ring": "reconciler.before_ringing",
    },
}
AFTER = {
    "web": {
        "store.audio.local:LocalAudioWriter.finish": "audio.after_storing",
        "api.take_in:examine": "upload.probed",
        "jobs.doorbell:ring": "doorbell.after_ringing",
    },
    "worker": {"jobs.attempt:decode": "audio.decoded", "jobs.worker:run_next": "horse.finished"},
    "reconciler": {},
}

_thread = threading.local()


def install(kind: str, *, remote: bool = False) -> None:
    """Wrap what a process of this kind (`web`, `worker`, `reconciler`) uses; call it once, before the process works.

    With `remote` also what it uses of Google.
    """
    before, after, clocks = BEFORE[kind], AFTER[kind], CLOCKS if kind == "worker" else ()
    if remote:
        before, after = before | remote_points.BEFORE[kind], after | remote_points.AFTER[kind]
        clocks = (*clocks, "jobs.remote.attempt") if clocks else ()
        for target, step in remote_points.STEPS[kind].items():
            replace(target, lambda function, step=step: _stepping(function, step))
        for target, seconds in remote_points.FASTER.items():
            replace(target, lambda _, seconds=seconds: seconds)
    for target, name in before.items():
        replace(target, lambda function, name=name: _before(function, name))
    for target, name in after.items():
        replace(target, lambda function, name=name: _after(function, name))
    for target, step in STEPS[kind].items():
        replace(target, lambda function, step=step: _naming(function, step))
    for module in clocks:
        replace(f"{module}:time", lambda _: clock)
    event.listen(Session, "after_begin", lambda *_: hang_if_told())
    event.listen(Session, "before_commit", lambda _db: _pass_commit("before_commit"))
    event.listen(Session, "after_commit", lambda _db: _pass_commit("after_commit"))
    event.listen(Session, "after_rollback", lambda _db: _forget())


def replace(target: str, wrapper: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put `wrapper(function)` in the place of `module:function` or `module:Class.method`."""
    module, _, path = target.partition(":")
    owner: Any = import_module(module)
    *classes, name = path.split(".")
    for part in classes:
        owner = getattr(owner, part)
    setattr(owner, name, wrapper(getattr(owner, name)))


def _before(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        passing(name)
        return function(*arguments, **named)

    return wrapped


def _after(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        answer = function(*arguments, **named)
        passing(name)
        return answer

    return wrapped


def _naming(function: Callable[..., Any], step: str) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        answer = function(*arguments, **named)
        done = answer is not False and (answer is not None or step in WITHOUT_ANSWER)
        if done and not getattr(_thread, "step", None):
            _thread.step = step  # the first name counts: starting an upload inserts a session as well
        return answer

    return wrapped


def _stepping(function: Callable[..., Any], step: str) -> Callable[..., Any]:
    """For a function whose transaction begins and ends within it."""

    @wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        _thread.step = step
        try:
            return function(*arguments, **named)
        finally:
            _forget()

    return wrapped


def _pass_commit(moment: str) -> None:
    step = getattr(_thread, "step", None)
    if step:
        if moment == "after_commit":
            _forget()
        passing(f"{step}.{moment}")


def _forget() -> None:
    _thread.step = None
