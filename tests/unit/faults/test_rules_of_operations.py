"""The rules for a provider's operations find what they have to find: a good run with one thing made wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.checker import check
from tests.faults.journal import Journal
from tests.faults.rules_of_operations import Accepted, Provider, reattached
from tests.faults.snapshot import AttemptRow, Look, OperationRow, Snapshot
from tests.unit.faults.test_checker import good

AT = datetime(2026, 1, 9, 10, tzinfo=UTC)
UNIX = AT.timestamp()
URI, MADE = "uri", "made"
OPERATION = Accepted("operations/1", URI, UNIX, UNIX + 3, "done", billed=True, truncated=False)
ROW = OperationRow("a", URI, False, "operations/1", None, AT, AT + timedelta(seconds=4), "recognised")
Change = Callable[[Snapshot, Provider], tuple[Snapshot, Provider]]


def run() -> tuple[Snapshot, Provider, Journal]:
    """A session that one operation has recognised."""
    snapshot, journal = good()
    return replace(snapshot, operations=[ROW]), Provider([OPERATION], {URI}), journal


def also(*operations: Accepted) -> Change:
    return lambda snapshot, provider: (snapshot, replace(provider, operations=[*provider.operations, *operations]))


def row(**changes: object) -> Change:
    return lambda snapshot, provider: (replace(snapshot, operations=[replace(ROW, **changes)]), provider)  # type: ignore[arg-type]


def only(*operations: Accepted) -> Change:
    return lambda snapshot, provider: (snapshot, replace(provider, operations=[*operations]))


def left(uri: str) -> Change:
    return lambda snapshot, provider: (snapshot, replace(provider, objects={*provider.objects, uri}))


SECOND = replace(OPERATION, name="operations/2", accepted_at=UNIX + 10, ended_at=UNIX + 13)
WITHOUT = {
    "lost": replace(OPERATION, outcome="lost", ended_at=UNIX),
    "failed": replace(OPERATION, outcome="failed", billed=False),
    "cancelled": replace(OPERATION, outcome="cancelled", billed=False),
    "its file failed": replace(OPERATION, billed=False),
    "truncated": replace(OPERATION, truncated=True),
}


def found(change: Change) -> set[str]:
    snapshot, provider, journal = run()
    snapshot, provider = change(snapshot, provider)
    return {problem.kind for problem in check(snapshot, journal, max_failures=5, provider=provider)}


def test_good_run_has_no_problem() -> None:
    assert found(lambda *given: given) == set()


@pytest.mark.parametrize("first", WITHOUT.values(), ids=WITHOUT)
def test_a_second_one_is_right_when_the_first_has_ended_without_words(first: Accepted) -> None:
    changed = only(first, SECOND)
    snapshot, provider, journal = run()
    snapshot, provider = changed(*row(name=SECOND.name)(snapshot, provider))
    assert check(snapshot, journal, max_failures=5, provider=provider) == []


@pytest.mark.parametrize("first", WITHOUT.values(), ids=WITHOUT)
def test_not_before_it_has_ended(first: Accepted) -> None:
    assert "duplicated" in found(only(replace(first, ended_at=UNIX + 11), SECOND))


WRONG: dict[str, tuple[str, Change]] = {
    "paid twice": ("duplicated", also(SECOND)),
    "nobody planned it": ("illegal", also(replace(SECOND, uri="other"))),
    "never accepted": ("illegal", row(name="operations/9")),
    "recognised without words": ("illegal", only(replace(OPERATION, outcome="failed", billed=False))),
    "open": ("unsettled", row(ended_at=None, outcome=None)),
    "still running": ("unsettled", only(replace(OPERATION, ended_at=None, outcome="running"))),
    "a converted object is left": ("unsettled", left(MADE)),
}


@pytest.mark.parametrize(("kind", "change"), WRONG.values(), ids=WRONG)
def test_rule_is_broken(kind: str, change: Change) -> None:
    assert kind in found(change)


def test_a_look_takes_only_what_nobody_holds() -> None:
    snapshot, provider, journal = run()
    taken = replace(snapshot, looks=[Look("a", 1, 2, parked=False)])
    assert "illegal" in {problem.kind for problem in check(taken, journal, max_failures=5, provider=provider)}


def test_an_operation_that_outlives_its_attempt_is_attached_again() -> None:
    snapshot, _, _ = run()
    lost = AttemptRow("a", 1, 1, "host-1-a", AT, AT + timedelta(seconds=1), "lost", "worker-lost")
    assert reattached(replace(snapshot, attempts=[lost])) == 1
    assert reattached(replace(snapshot, attempts=[replace(lost, outcome="completed")])) == 0
