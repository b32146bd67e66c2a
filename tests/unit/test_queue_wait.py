"""When a worker will come: the claims played forward, sessions that end meanwhile included."""

import uuid

from jobs.queue_wait import Busy, Turn, play
from store.queue_queries import Waiting
from tests.instruments.records import ago


def waits(number: int, owner: str = "anna", sec: float = 100.0, engine: str = "pocketsphinx") -> Waiting:
    return Waiting(uuid.UUID(int=number), owner, 1, ago(1000 - number), engine, sec)


def turns(waiting: list[Waiting], busy: list[Busy], *, workers: int) -> dict[int, Turn]:
    running = {owner: sum(b.owner == owner for b in busy) for owner in {b.owner for b in busy}}
    played = play(
        waiting,
        busy,
        running=running,
        last_served={},
        workers=workers,
        takes=lambda session: (session.duration_total, session.engine == "google"),
    )
    return {session_id.int: turn for session_id, turn in played.items()}


def test_each_worker_takes_the_next_one_when_it_is_free() -> None:
    found = turns([waits(1), waits(2), waits(3)], [Busy("ben", 30.0)], workers=2)
    assert found == {1: Turn(1, 0.0), 2: Turn(2, 30.0), 3: Turn(3, 100.0)}


def test_parked_sessions_occupy_no_worker() -> None:
    assert turns([waits(1)], [Busy("ben", 900.0, parked=True)], workers=1) == {1: Turn(1, 0.0)}


def test_a_worker_is_soon_free_again_when_a_provider_does_the_work() -> None:
    found = turns([waits(1, engine="google"), waits(2)], [], workers=1)
    assert found[2] == Turn(2, 5.0)


def test_a_coach_whose_session_ends_meanwhile_has_one_running_less() -> None:
    """Anna runs one that ends at once, Ben one that lasts: by the time a worker is free both count as they are then."""
    busy = [Busy("anna", 10.0), Busy("ben", 500.0, parked=True)]
    assert turns([waits(1, "ben"), waits(2, "anna")], busy, workers=1) == {2: Turn(1, 10.0), 1: Turn(2, 110.0)}


def test_nobody_has_a_turn_without_workers() -> None:
    assert turns([waits(1)], [], workers=0) == {}
