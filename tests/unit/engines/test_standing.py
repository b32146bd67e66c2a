"""Recognising processes stand ready for the next session while all goes well, and end with one that goes wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jobs.engines import registry
from jobs.engines.registry import EngineEntry
from jobs.engines.standing import Standing

FORKED: list["Ledger"] = []


class Ledger:
    """A recogniser that only writes down its life."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self.ended = ""
        self.alive = True

    def is_alive(self) -> bool:
        return self.alive


class Bookkeeper:
    """Implements as much of `protocol.InProcessEngine` as is asked for here."""

    @contextmanager
    def recogniser(self, processes: int) -> Iterator[Ledger]:
        FORKED.append(Ledger(processes))
        ledger = FORKED[-1]
        try:
            yield ledger
        except BaseException:
            ledger.ended = "killed"
            raise
        ledger.ended = "dismissed"


@pytest.fixture
def released() -> list[int]:
    """How many recognisers there were at each call of `before_fork`."""
    return []


@pytest.fixture
def standing(released: list[int], monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    entry = EngineEntry(f"{__name__}:Bookkeeper", "Bookkeeper", ("en",))
    monkeypatch.setattr(registry, "ENGINES", {"one": entry, "other": entry})
    monkeypatch.setattr(registry, "import_module", lambda _: __import__("sys").modules[__name__])
    registry.engine.cache_clear()
    FORKED.clear()
    yield Standing(before_fork=lambda: released.append(len(FORKED)))
    registry.engine.cache_clear()


def test_the_next_session_finds_them_ready(standing: Standing, released: list[int]) -> None:
    with standing.recogniser("one", 2) as first:
        pass
    assert standing.is_ready
    with standing.recogniser("one", 1) as second:
        assert second is first
    assert released == [0]
    standing.dismiss()
    assert not standing.is_ready
    assert [ledger.ended for ledger in FORKED] == ["dismissed"]


@pytest.mark.parametrize(("engine", "processes"), [("one", 3), ("other", 2)])
def test_more_processes_or_another_engine_are_forked_anew(
    engine: str, processes: int, standing: Standing, released: list[int]
) -> None:
    with standing.recogniser("one", 2):
        pass
    with standing.recogniser(engine, processes):
        assert [ledger.ended for ledger in FORKED] == ["dismissed", ""]
    assert released == [0, 1]
    assert FORKED[-1].processes == processes


def test_one_that_was_killed_meanwhile_costs_no_session_an_attempt(standing: Standing) -> None:
    with standing.recogniser("one", 2):
        pass
    FORKED[0].alive = False
    with standing.recogniser("one", 2):
        assert [ledger.ended for ledger in FORKED] == ["dismissed", ""]


def test_they_are_killed_with_a_session_that_goes_wrong(standing: Standing) -> None:
    with pytest.raises(RuntimeError, match="a bad day"), standing.recogniser("one", 2):
        raise RuntimeError("a bad day")
    assert not standing.is_ready
    assert [ledger.ended for ledger in FORKED] == ["killed"]
    with standing.recogniser("one", 2):
        assert [ledger.ended for ledger in FORKED] == ["killed", ""]
