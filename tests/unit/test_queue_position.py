"""In which order workers will claim: priority, then the coach with fewest running, least recently served, oldest."""

import uuid
from datetime import timedelta

from jobs.queue_position import claim_order
from store.queue_queries import Waiting
from tests.instruments.records import NOW, ago


def waits(number: int, owner: str = "anna", priority: int = 1, since_sec: float = 0) -> Waiting:
    return Waiting(uuid.UUID(int=number), owner, priority, ago(since_sec or 1000 - number), "pocketsphinx", 60.0)


def numbers(order: list[uuid.UUID]) -> list[int]:
    return [session_id.int for session_id in order]


def test_an_empty_queue_has_no_order() -> None:
    assert claim_order([], {}, {}) == []


def test_of_one_coach_the_oldest_is_first() -> None:
    assert numbers(claim_order([waits(2), waits(3), waits(1)], {}, {})) == [1, 2, 3]


def test_priority_beats_age_and_fairness() -> None:
    order = claim_order([waits(1, "ben"), waits(2, priority=0), waits(3, priority=2)], {"anna": 9}, {"anna": NOW})
    assert numbers(order) == [3, 1, 2]


def test_the_coach_with_fewest_running_is_next() -> None:
    assert numbers(claim_order([waits(1, "anna"), waits(2, "ben")], {"anna": 2, "ben": 1}, {})) == [2, 1]


def test_coaches_take_turns() -> None:
    waiting = [waits(1), waits(2), waits(3), waits(4, "ben"), waits(5, "ben")]
    assert numbers(claim_order(waiting, {}, {})) == [1, 4, 2, 5, 3]


def test_the_coach_least_recently_served_is_next() -> None:
    """Without this rule one worker would serve a second coach last."""
    served = {"anna": NOW, "ben": NOW - timedelta(hours=1)}
    assert numbers(claim_order([waits(1), waits(2, "ben")], {}, served)) == [2, 1]


def test_a_coach_never_served_is_before_all_others() -> None:
    assert numbers(claim_order([waits(1), waits(2, "new")], {}, {"anna": NOW - timedelta(days=900)})) == [2, 1]


def test_of_two_uploaded_in_the_same_instant_each_has_one_place() -> None:
    assert numbers(claim_order([waits(7, since_sec=5), waits(4, since_sec=5)], {}, {})) == [4, 7]


def test_a_turn_costs_its_coach_the_next_one_across_priorities() -> None:
    waiting = [waits(1, "anna", 2), waits(2, "anna"), waits(3, "ben")]
    assert numbers(claim_order(waiting, {}, {})) == [1, 3, 2]
