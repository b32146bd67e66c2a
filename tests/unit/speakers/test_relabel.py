"""Speakers are written on segments, which are split where the speaker changes; no word is lost or touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.engines.protocol import Segment, Word
from jobs.speakers.relabel import relabel, spoken


def segment(text: str, at_sec: float = 0.0, confidence: float | None = 0.5) -> Segment:
    """One word a second, from `at_sec` on."""
    words = tuple(
        Word(word, at_sec + number, at_sec + number + 0.5, confidence) for number, word in enumerate(text.split())
    )
    return Segment(at_sec, words[-1].end_sec, text, confidence=confidence, words=words)


def test_a_sentence_of_one_speaker_stays_as_it_is() -> None:
    said = segment("Good morning, all.")
    (found,) = relabel([said], [2, 2, 2])
    assert found == Segment(said.start_sec, said.end_sec, said.text, "Speaker 2", said.confidence, said.words)


def test_a_sentence_is_split_where_the_speaker_changes() -> None:
    first, second, third = relabel([segment("How are you? Fine. Good.", 10.0)], [1, 1, 1, 2, 1])
    assert (first.text, first.speaker, first.start_sec, first.end_sec) == ("How are you?", "Speaker 1", 10.0, 12.5)
    assert (second.text, second.speaker, second.start_sec, second.end_sec) == ("Fine.", "Speaker 2", 13.0, 13.5)
    assert (third.text, third.speaker) == ("Good.", "Speaker 1")


def test_a_parts_confidence_is_the_mean_of_its_words() -> None:
    words = (Word("Yes.", 0, 1, 0.9), Word("No,", 1, 2, 0.2), Word("never.", 2, 3, None))
    first, second = relabel([Segment(0, 3, "Yes. No, never.", confidence=0.55, words=words)], [1, 2, 2])
    assert (first.confidence, second.confidence) == (0.9, 0.2)


@pytest.mark.parametrize(
    ("language", "text"), [("ja", "今日は"), ("zh-TW", "今日は"), ("yue", "今日は"), ("ko", "今日 は")]
)
def test_languages_without_spaces_are_joined_without_them(language: str, text: str) -> None:
    assert relabel([segment("今日 は はい")], [1, 1, 2], language)[0].text == text


def test_the_space_that_an_engine_leaves_before_a_word_is_not_doubled() -> None:
    words = (Word(" Yes.", 0, 1), Word(" Oh", 1, 2), Word(" no.", 2, 3))
    assert [one.text for one in relabel([Segment(0, 3, "Yes. Oh no.", words=words)], [1, 2, 2])] == ["Yes.", "Oh no."]


def test_a_segment_without_words_counts_as_one() -> None:
    bare = Segment(3.0, 4.0, "mm hm", confidence=0.4)
    assert [word.text for word in spoken([bare, segment("a b", 5)])] == ["mm hm", "a", "b"]
    first, second = relabel([bare, segment("a b", 5)], [2, 1, 1])
    assert (first.text, first.speaker, first.words) == ("mm hm", "Speaker 2", ())
    assert second.speaker == "Speaker 1"


def test_there_is_a_label_for_each_word() -> None:
    for labels in ([], [1, 1, 1]):
        with pytest.raises(ValueError, match="labels for 2 words"):
            relabel([segment("a b")], labels)


SEGMENTS = st.lists(
    st.lists(st.sampled_from(["Yes.", "no,", "Ähm", "3.5", "well"]), min_size=1, max_size=6), min_size=1, max_size=5
)


@given(SEGMENTS, st.data())
def test_the_words_stay_the_same_whatever_the_labels(texts: list[list[str]], data: st.DataObject) -> None:
    before = [segment(" ".join(text), 100.0 * number) for number, text in enumerate(texts)]
    count = sum(len(text) for text in texts)
    labels = data.draw(st.lists(st.sampled_from([1, 2]), min_size=count, max_size=count))
    after = relabel(before, labels)
    assert spoken(after) == spoken(before)
    assert " ".join(one.text for one in after) == " ".join(one.text for one in before)
    assert [f"Speaker {label}" for label in labels] == [one.speaker for one in after for _ in one.words]
    assert all(one.start_sec == one.words[0].start_sec and one.end_sec == one.words[-1].end_sec for one in after)
    assert [one.start_sec for one in after] == sorted(one.start_sec for one in after)
