"""What viewers share, how old it may be, and what is answered while the database is away."""

import threading

import pytest
from sqlalchemy.exc import OperationalError

from jobs.readings import DatabaseAway, Readings

FOR_EVER = 1e12


class Question:
    """Counts how often it was asked; may fail, or wait until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False
        self.frozen = threading.Event()
        self.frozen.set()

    def __call__(self, about: str) -> str:
        self.asked += 1
        self.frozen.wait(10)
        if self.away:
            raise OperationalError("SELECT", {}, Exception("the server is away"))
        return f"{about} {self.asked}"


def asked_while_something_changes(question: Question, readings: Readings) -> threading.Thread:
    """Who asked before, and may miss the change: waits until the question is no longer frozen."""
    question.frozen.clear()
    early = threading.Thread(target=readings.ask, args=(question, "a"))
    early.start()
    while not question.asked:
        pass
    readings.forget()
    return early


def test_an_answer_is_shared_while_it_is_fresh() -> None:
    question, readings = Question(), Readings(keep_sec=FOR_EVER)
    assert [readings.ask(question, "a").facts for _ in range(3)] == ["a 1"] * 3
    assert readings.ask(question, "b").facts == "b 2"


def test_answers_are_kept_until_the_next_second_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    question, readings = Question(), Readings(keep_sec=1.0)
    found = []
    for now in (100.2, 100.9, 101.0, 101.99, 103.5):
        monkeypatch.setattr("jobs.readings.time.monotonic", lambda now=now: now)
        found.append(readings.ask(question, "a").facts)
    assert found == ["a 1", "a 1", "a 2", "a 2", "a 3"]


def test_an_answer_is_asked_anew_when_it_is_old_or_something_changed() -> None:
    question, readings = Question(), Readings(keep_sec=0)
    assert [readings.ask(question, "a").facts for _ in range(2)] == ["a 1", "a 2"]
    readings = Readings(keep_sec=FOR_EVER)
    readings.ask(question, "a")
    readings.forget()
    assert readings.ask(question, "a").facts == "a 4"


def test_what_is_read_while_something_changes_answers_nobody_who_asks_afterwards() -> None:
    question, readings = Question(), Readings(keep_sec=FOR_EVER)
    early = asked_while_something_changes(question, readings)
    late: list[str] = []
    later = threading.Thread(target=lambda: late.append(readings.ask(question, "a").facts))
    later.start()
    while question.asked < 2:
        pass
    question.frozen.set()
    early.join()
    later.join()
    assert question.asked == 2
    assert readings.ask(question, "a").facts == late[0]


def test_one_question_is_asked_anew_and_the_others_are_kept() -> None:
    question, readings = Question(), Readings(keep_sec=FOR_EVER)
    assert [readings.ask(question, about).facts for about in "ab"] == ["a 1", "b 2"]
    assert readings.ask_anew(question, "a").facts == "a 3"
    assert readings.ask(question, "b").facts == "b 2"


def test_without_the_database_the_last_answer_is_marked_as_old() -> None:
    question, readings = Question(), Readings(keep_sec=0)
    first = readings.ask(question, "a")
    assert first.fresh
    question.away = True
    old = readings.ask(question, "a")
    assert (old.facts, old.at, old.fresh) == (first.facts, first.at, False)
    question.away = False
    assert readings.ask(question, "a").fresh


def test_what_was_read_while_something_changed_is_better_than_nothing() -> None:
    question, readings = Question(), Readings(keep_sec=FOR_EVER)
    early = asked_while_something_changes(question, readings)
    question.frozen.set()
    early.join()
    question.away = True
    old = readings.ask(question, "a")
    assert (old.facts, old.fresh) == ("a 1", False)


def test_without_the_database_and_without_an_answer_it_says_so() -> None:
    question, readings = Question(), Readings()
    question.away = True
    with pytest.raises(DatabaseAway):
        readings.ask(question, "a")


def test_a_frozen_database_holds_one_thread_and_no_viewer() -> None:
    question, readings = Question(), Readings(keep_sec=0, patience_sec=0.05)
    readings.ask(question, "a")
    question.frozen.clear()
    assert not any(readings.ask(question, "a").fresh for _ in range(5))
    assert question.asked == 2
    question.frozen.set()
    while not readings.ask(question, "a").fresh:
        pass


def test_an_error_of_ours_is_not_hidden() -> None:
    def broken() -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        Readings().ask(broken)
