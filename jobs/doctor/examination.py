"""Runs the checks one after another; one that fails or hangs costs its own findings, not those of the others."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jobs.doctor.finding import Finding, in_short, wrong

PATIENCE_SEC = 5.0


@dataclass(frozen=True)
class Check:
    """`look` yields findings as it goes; `fix` is what to do when it does not come to an end.

    `patience_sec` is for one that has much to read; else all have the same.
    """

    name: str
    look: Callable[[], Iterable[Finding]]
    fix: str
    patience_sec: float | None = None


def examine(checks: Iterable[Check], patience_sec: float = PATIENCE_SEC) -> Iterator[Finding]:
    """The findings of all checks, each of which has its own patience or `patience_sec`; never raises."""
    for check in checks:
        yield from _run(check, check.patience_sec or patience_sec)


def _run(check: Check, patience_sec: float) -> list[Finding]:
    found: list[Finding] = []

    def look() -> None:
        try:
            for finding in check.look():
                found.append(finding)
        except Exception as error:  # noqa: BLE001  whatever it is, people shall read it beside the other findings
            found.append(wrong(check.name, f"{type(error).__name__}: {in_short(error)}", check.fix))

    # a daemon: a call that never returns must not keep the program from its end
    thread = threading.Thread(target=look, name=check.name, daemon=True)
    thread.start()
    thread.join(patience_sec)
    seen = list(found)
    if thread.is_alive():
        seen.append(wrong(check.name, f"it did not answer within {patience_sec:g} s", check.fix))
    return seen
