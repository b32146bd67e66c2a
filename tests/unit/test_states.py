"""The state machine, held against its document."""

import re
from pathlib import Path

import pytest

from store.states import FINAL, LEGAL, LOOKS, Priority, Status, is_legal

DOCUMENT = Path(__file__).parents[2] / "docs" / "state-machine.md"


def test_the_table_of_the_document_holds_exactly_the_legal_transitions() -> None:
    rows = re.findall(r"^\| (\(new\)|\w+) \| (\w+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    rows.remove(("from", "to"))
    assert sorted(rows) == sorted((before or "(new)", after) for before, after in LEGAL)


def test_the_diagram_of_the_document_draws_exactly_the_legal_transitions() -> None:
    arrows = set(re.findall(r"^\s*(\S+) --> (\w+):", DOCUMENT.read_text(), re.MULTILINE))
    assert arrows == {(before or "[*]", after) for before, after in LEGAL}


def test_nothing_leaves_completed() -> None:
    assert not any(is_legal(Status.COMPLETED, after) for after in Status)


def test_only_a_person_brings_a_final_session_back_and_it_waits_its_turn() -> None:
    assert {(before, after) for before, after in LEGAL if before in FINAL} == {
        (Status.FAILED, Status.PENDING),
        (Status.CANCELLED, Status.PENDING),
    }


def test_every_state_has_a_word_and_an_icon_of_its_own() -> None:
    """Colour is never the only sign, so word and icon alone must tell the states apart."""
    assert set(LOOKS) == set(Status)
    assert len({look.label for look in LOOKS.values()}) == len(Status)
    assert len({look.icon for look in LOOKS.values()}) == len(Status)


@pytest.mark.parametrize(("word", "priority"), [("low", 0), ("Normal", 1), ("HIGH", 2)])
def test_a_priority_is_a_word(word: str, priority: int) -> None:
    assert Priority.from_word(word) == priority
    assert Priority(priority).word == word.lower()


@pytest.mark.parametrize("word", ["", "urgent", "1"])
def test_another_word_is_no_priority(word: str) -> None:
    with pytest.raises(ValueError, match="low, normal, high"):
        Priority.from_word(word)
