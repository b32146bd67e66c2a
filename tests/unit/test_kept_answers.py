"""Answers that are kept for a moment: never too old, read once for all who wait, few enough, and out on a change."""

import asyncio

from api.kept import NOTHING_ELSE, KeptForAMoment, Reading
from store import changes

KEEP_SEC = 0.9


class MustBeRead(Exception):
    """Nothing is kept that may still be told."""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def kept(clock: Clock, most: int = 10) -> KeptForAMoment[str, int]:
    return KeptForAMoment(clock=clock, most=most)


async def peek(answers: KeptForAMoment[str, int], key: str) -> int | None:
    """What is kept; None when it has to be read."""

    async def reading(_ahead: bool) -> tuple[int, float]:
        raise MustBeRead

    return answers.at_hand(key, KEEP_SEC, reading)


async def ask(answers: KeptForAMoment[str, int], key: str, reading: Reading[int]) -> int:
    return answers.at_hand(key, KEEP_SEC, reading) or await answers.read(key, reading)


async def found(fact: int, since_sec: float = NOTHING_ELSE) -> tuple[int, float]:
    return fact, since_sec


def test_an_answer_is_given_again_until_it_is_as_old_as_it_may_be() -> None:
    clock = Clock()
    answers = kept(clock)

    async def slow(_ahead: bool) -> tuple[int, float]:
        clock.now += 0.3  # it is as old as the moment at which it was asked for, not at which it came
        return 1, NOTHING_ELSE

    assert asyncio.run(answers.read("a", slow)) == 1
    clock.now += 0.59
    assert asyncio.run(peek(answers, "a")) == 1
    clock.now += 0.02
    assert asyncio.run(peek(answers, "a")) is None


def test_what_is_asked_for_all_the_time_is_read_before_it_is_too_old() -> None:
    clock, readings = Clock(), 0
    answers = kept(clock)

    async def reading(_ahead: bool) -> tuple[int, float]:
        nonlocal readings
        readings += 1
        return readings, NOTHING_ELSE

    async def asking() -> list[int]:
        told = []
        for _ in range(8):
            told.append(await ask(answers, "a", reading))
            clock.now += 0.2
            await asyncio.sleep(0)  # what was begun goes on
            await asyncio.sleep(0)
        clock.now += 0.9
        return [*told, await ask(answers, "a", reading)]

    assert asyncio.run(asking()) == [1, 1, 1, 1, 1, 2, 2, 2, 3]


def test_what_rests_on_something_older_is_as_old_as_that() -> None:
    clock = Clock()
    answers = kept(clock)
    asyncio.run(answers.read("a", lambda _: found(1, clock.now - 0.8)))
    assert asyncio.run(peek(answers, "a")) == 1
    clock.now += 0.11
    assert asyncio.run(peek(answers, "a")) is None


def test_a_change_is_seen_at_once_and_an_answer_on_its_way_is_not_taken_for_new() -> None:
    answers = kept(Clock())
    asyncio.run(answers.read("a", lambda _: found(1)))
    changes.tell()
    assert asyncio.run(peek(answers, "a")) is None

    async def changed_meanwhile(_ahead: bool) -> tuple[int, float]:
        changes.tell()
        return 2, NOTHING_ELSE

    assert asyncio.run(answers.read("a", changed_meanwhile)) == 2
    assert asyncio.run(peek(answers, "a")) is None


def test_whoever_asks_after_a_change_does_not_wait_for_what_was_asked_before() -> None:
    answers = kept(Clock())

    async def both() -> tuple[int, int]:
        go = asyncio.Event()

        async def held(_ahead: bool) -> tuple[int, float]:
            await go.wait()
            return 1, NOTHING_ELSE

        before = asyncio.create_task(answers.read("a", held))
        await asyncio.sleep(0)
        changes.tell()
        after = await answers.read("a", lambda _: found(2))
        go.set()
        return await before, after

    assert asyncio.run(both()) == (1, 2)


def test_many_who_ask_at_once_have_it_read_once_and_share_its_error() -> None:
    readings = 0

    async def reading(_ahead: bool) -> tuple[int, float]:
        nonlocal readings
        readings += 1
        await asyncio.sleep(0)
        if readings == 2:
            raise LookupError
        return 7, NOTHING_ELSE

    async def all_at_once() -> list[int | BaseException]:
        answers = kept(Clock())
        first = await asyncio.gather(*(answers.read("a", reading) for _ in range(50)))
        again = await asyncio.gather(*(answers.read("b", reading) for _ in range(50)), return_exceptions=True)
        assert await peek(answers, "b") is None
        return [*first, *again]

    answered = asyncio.run(all_at_once())
    assert readings == 2
    assert answered[:50] == [7] * 50
    assert {type(one) for one in answered[50:]} == {LookupError}


def test_only_so_many_are_kept_and_old_ones_go_by_themselves() -> None:
    clock = Clock()
    answers = kept(clock, most=10)

    async def read(names: range) -> None:
        for name in names:
            await answers.read(str(name), lambda _: found(1))

    asyncio.run(read(range(30)))
    assert len(answers) == 10
    assert asyncio.run(peek(answers, "29")) == 1
    assert asyncio.run(peek(answers, "19")) is None
    clock.now += 1
    asyncio.run(read(range(1)))
    assert len(answers) == 1
