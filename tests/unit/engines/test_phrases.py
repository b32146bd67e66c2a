"""Words become lines that can be read, and lines survive a JSON column."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from jobs.engines.phrases import LONGEST_SEC, phrases, written_phrases
from jobs.engines.protocol import Segment, Word


def spoken(*parts: tuple[str, float]) -> list[Word]:
    """Words of 0.3 s, each after the given pause in seconds."""
    words, at_sec = [], 0.0
    for text, pause_sec in parts:
        at_sec += pause_sec
        words.append(Word(text, round(at_sec, 2), round(at_sec + 0.3, 2), 0.5))
        at_sec += 0.3
    return words


def test_a_pause_ends_a_line() -> None:
    lines = phrases(spoken(("good", 0.2), ("morning", 0.1), ("how", 0.8), ("are", 0), ("you", 0)))
    assert [line.text for line in lines] == ["Good morning", "How are you"]
    assert (lines[0].start_sec, lines[0].end_sec) == (0.2, 0.9)
    assert lines[1].confidence == 0.5


def test_a_long_line_is_split_at_its_longest_gap() -> None:
    lines = phrases(spoken(*[("la", 0.4 if number == 30 else 0.1) for number in range(60)]))
    assert [len(line.words) for line in lines][0:1] == [30]
    assert all(line.end_sec - line.start_sec <= LONGEST_SEC for line in lines)


def test_no_words_give_no_line() -> None:
    assert phrases([]) == ()
    assert written_phrases([]) == ()


def test_a_sentence_that_the_engine_wrote_is_a_line_and_its_spelling_is_kept() -> None:
    said = ["so", "Dr.", "Who", "paid", "3.50.", "He", "“left.”", "Why?", "iPhones!", "at", "5", "a.m.", "then"]
    found = written_phrases(spoken(*[(text, 0.1) for text in said]), "Speaker 1")
    assert [line.text for line in found] == [
        *("so Dr. Who paid 3.50.", "He “left.”", "Why?", "iPhones!", "at 5 a.m. then"),
    ]
    assert {line.speaker for line in found} == {"Speaker 1"}


def test_a_pause_and_length_split_written_sentences_too() -> None:
    assert [line.text for line in written_phrases(spoken(("well", 0), ("now.", 0.8)))] == ["well", "now."]
    assert all(line.end_sec - line.start_sec <= LONGEST_SEC for line in written_phrases(spoken(*[("la", 0.1)] * 90)))


def test_without_confidence_none_is_invented() -> None:
    assert phrases([Word("yes", 0.0, 0.3)])[0].confidence is None


@given(st.lists(st.tuples(st.sampled_from(["a", "I", "émigré", '"quote"']), st.floats(0, 3)), max_size=80))
def test_no_word_is_lost_and_json_keeps_everything(parts: list[tuple[str, float]]) -> None:
    words = spoken(*parts)
    lines = phrases(words)
    assert [word for line in lines for word in line.words] == words
    assert [word for line in written_phrases(words) for word in line.words] == words
    assert all(before.end_sec <= after.start_sec for before, after in pairwise(lines))
    assert tuple(Segment.from_json(json.loads(json.dumps(line.to_json()))) for line in lines) == lines
