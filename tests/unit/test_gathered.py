"""Readings that are shared: full rounds while the readers are busy, to each its own error, nothing for who gave up."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from threading import Event

import pytest

from api import gathered
from api.gathered import MOST_AT_ONCE, READERS, Gathered
from tests.instruments.waiting import wait_until


class Ask:
    """Something to ask for, which can be seen to be forgotten."""


class Postgres:
    """A `read_all` that is frozen until it is thawed: an ask is its own answer, an error that of its asker."""

    def __init__(self) -> None:
        self.rounds: list[list[object]] = []
        self.thawed = Event()
        self.gone: object = None  # a round with it fails as a whole

    def __call__(self, asks: list[object]) -> list[object | Exception]:
        self.rounds.append(asks)
        self.thawed.wait()
        if self.gone is not None and self.gone in asks:
            raise OSError("gone")
        return list(asks)


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    made = Postgres()
    yield made
    made.thawed.set()


Shared = Gathered[object, object]
Asked = list[asyncio.Task[object]]


async def asked(shared: Shared, asks: list[object]) -> Asked:
    """Everybody who asks for these, having asked."""
    tasks = [asyncio.create_task(shared.read(ask)) for ask in asks]
    await asyncio.sleep(0)
    return tasks


async def busy(shared: Shared, postgres: Postgres) -> Asked:
    """Those for whom all readers are reading."""
    first = await asked(shared, [f"first {number}" for number in range(READERS)])
    await asyncio.to_thread(wait_until, lambda: len(postgres.rounds) == READERS, 10.0)
    return first


async def answers(tasks: Asked) -> list[object]:
    return await asyncio.gather(*tasks, return_exceptions=True)


def later_rounds(postgres: Postgres) -> list[list[object]]:
    return postgres.rounds[READERS:]


@pytest.mark.parametrize("asking", [MOST_AT_ONCE, MOST_AT_ONCE + 1, 2 * MOST_AT_ONCE + 5])
def test_what_comes_while_the_readers_are_busy_goes_in_rounds_as_full_as_may_be(
    postgres: Postgres, asking: int
) -> None:
    asks: list[object] = list(range(asking))

    async def ask() -> None:
        shared = Shared(postgres)
        first = await busy(shared, postgres)
        late = await asked(shared, asks)
        assert len(postgres.rounds) == READERS
        postgres.thawed.set()
        assert await answers(late) == asks
        assert await answers(first) == [f"first {number}" for number in range(READERS)]

    asyncio.run(ask())
    rounds = [asks[start : start + MOST_AT_ONCE] for start in range(0, asking, MOST_AT_ONCE)]
    assert sorted(later_rounds(postgres), key=str) == sorted(rounds, key=str)


def test_an_error_for_one_ask_reaches_its_asker_alone(postgres: Postgres) -> None:
    async def ask() -> None:
        shared, error = Shared(postgres), LookupError("unknown")
        first = await busy(shared, postgres)
        late = await asked(shared, [1, error, 3])
        postgres.thawed.set()
        assert await answers(late) == [1, error, 3]
        assert await answers(first) == [f"first {number}" for number in range(READERS)]
        assert len(postgres.rounds) == READERS + 1
        with pytest.raises(LookupError, match="unknown"):
            await late[1]

    asyncio.run(ask())


def test_an_exception_of_a_round_reaches_all_in_it_and_nobody_else(postgres: Postgres) -> None:
    async def ask() -> None:
        shared = Shared(postgres)
        first = await busy(shared, postgres)
        late = await asked(shared, [*range(MOST_AT_ONCE), "another round"])
        postgres.gone = 7
        postgres.thawed.set()
        *failed, other = await answers(late)
        assert [str(one) for one in failed if isinstance(one, OSError)] == ["gone"] * MOST_AT_ONCE
        assert other == "another round"
        assert await answers(first) == [f"first {number}" for number in range(READERS)]
        for _ in range(READERS):
            with pytest.raises(OSError, match="gone"):
                await shared.read(7)
        assert await shared.read("later") == "later"

    asyncio.run(ask())


def test_a_round_that_answers_too_little_fails_as_a_whole() -> None:
    async def ask() -> None:
        shared = Shared(lambda asks: asks[1:])
        for _ in range(READERS + 1):
            with pytest.raises(ValueError, match="0 answers to 1"):
                await shared.read(1)

    asyncio.run(ask())


def cancel(tasks: Asked) -> None:
    for task in tasks:
        task.cancel()


@pytest.mark.parametrize(("patience_sec", "error"), [(10.0, asyncio.CancelledError), (0.02, TimeoutError)])
def test_requests_do_not_pile_up_while_postgres_is_frozen(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, patience_sec: float, error: type[BaseException]
) -> None:
    held: weakref.WeakSet[Ask] = weakref.WeakSet()

    async def give_up(shared: Shared) -> None:
        asks: list[object] = [Ask() for _ in range(2 * MOST_AT_ONCE)]
        held.update(ask for ask in asks if isinstance(ask, Ask))
        tasks = await asked(shared, asks)
        if error is asyncio.CancelledError:
            cancel(tasks)
        assert {type(one) for one in await answers(tasks)} == {error}

    async def ask() -> None:
        shared = Shared(postgres)
        with monkeypatch.context() as short:
            short.setattr(gathered, "PATIENCE_SEC", patience_sec)
            first = await busy(shared, postgres)
            for _ in range(3):
                await give_up(shared)
            if error is TimeoutError:
                assert {type(one) for one in await answers(first)} == {TimeoutError}
        await asyncio.sleep(0)  # the loop itself holds what it has just told
        gc.collect()
        assert len(held) == 0
        last = await asked(shared, ["still there"])
        postgres.thawed.set()
        assert await answers(last) == ["still there"]

    asyncio.run(ask())
    assert later_rounds(postgres) == [["still there"]]


def test_whoever_gave_up_within_a_round_takes_nothing_from_the_others(postgres: Postgres) -> None:
    async def ask() -> None:
        shared = Shared(postgres)
        first = await busy(shared, postgres)
        cancel(first[:1])
        late = await asked(shared, [1, 2, 3])
        cancel(late[1:2])
        postgres.thawed.set()
        one, two, three = await answers(late)
        assert (one, type(two), three) == (1, asyncio.CancelledError, 3)
        assert await answers(first[1:]) == [f"first {number}" for number in range(1, READERS)]

    asyncio.run(ask())
    assert later_rounds(postgres) == [[1, 3]]


def test_whoever_gives_up_at_the_moment_of_a_round_is_not_read_for(postgres: Postgres) -> None:
    postgres.thawed.set()

    async def ask() -> None:
        shared = Shared(postgres)
        gone = asyncio.create_task(shared.read("gone", ahead=True))
        await asyncio.sleep(0)
        gone.cancel()
        assert await shared.read("there") == "there"
        assert [type(one) for one in await answers([gone])] == [asyncio.CancelledError]

    asyncio.run(ask())
    assert postgres.rounds == [["there"]]


def ahead(shared: Shared, count: int) -> Asked:
    return [asyncio.create_task(shared.read(number, ahead=True)) for number in range(count)]


def test_what_nobody_waits_for_yet_lingers_until_somebody_comes_who_waits(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathered, "LINGER_SEC", 3600.0)
    postgres.thawed.set()

    async def ask() -> None:
        shared = Shared(postgres)
        lingering = ahead(shared, READERS + 2)
        await asyncio.sleep(0)
        assert await shared.read("now") == "now"
        assert await answers(lingering) == list(range(READERS + 2))

    asyncio.run(ask())
    assert postgres.rounds == [[*range(READERS + 2), "now"]]


@pytest.mark.parametrize("are_busy", [False, True])
def test_what_lingered_in_vain_goes_by_itself_in_one_round(postgres: Postgres, are_busy: bool) -> None:
    async def ask() -> None:
        shared = Shared(postgres)
        first = await busy(shared, postgres) if are_busy else []
        lingering = ahead(shared, READERS + 2)
        postgres.thawed.set()
        assert await answers(lingering) == list(range(READERS + 2))
        await answers(first)

    asyncio.run(ask())
    assert postgres.rounds[READERS * are_busy :] == [list(range(READERS + 2))]


def test_whoever_waits_alone_is_read_for_at_once(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "LINGER_SEC", 3600.0)
    postgres.thawed.set()

    async def ask() -> list[object]:
        return [await Shared(postgres).read(number) for number in range(3)]

    asyncio.run(ask())
    assert postgres.rounds == [[0], [1], [2]]
