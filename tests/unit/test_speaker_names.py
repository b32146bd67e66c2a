"""Voices of two transcriptions are matched by when they speak, and a click names one or both."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.retry_cancel import NotPossible
from jobs.speakers.names import match
from jobs.speakers.naming import named, swapped
from store.speaker_names import Span, Voice, in_order

TALK: list[Span] = [(0, 10, "Speaker 1"), (10, 14, "Speaker 2"), (14, 30, "Speaker 1"), (31, 40, "Speaker 2")]
times = st.integers(0, 60).map(float)
spans = st.lists(
    st.tuples(times, times, st.sampled_from("ABCD")).map(lambda span: (min(span[:2]), max(span[:2]), span[2])),
    max_size=12,
)


def overlap(before: list[Span], after: list[Span], old: str, new: str) -> float:
    """Second by second, for spans of whole seconds."""

    def speaks(found: list[Span], label: str, at: int) -> bool:
        return any(start <= at < end for start, end, who in found if who == label)

    return sum(speaks(before, old, at) and speaks(after, new, at) for at in range(60))


def test_other_labels_of_the_same_voices() -> None:
    other = {"Speaker 1": "Speaker 2", "Speaker 2": "Speaker 1"}
    after = [(start + 0.3, end + 0.2, other[label]) for start, end, label in TALK]
    assert match(TALK, after) == {"Speaker 2": "Speaker 1", "Speaker 1": "Speaker 2"}


def test_a_voice_that_was_not_heard_before_gets_nobodys_name() -> None:
    after = [*TALK, (50.0, 55.0, "Speaker 3")]
    assert match(TALK, after) == {"Speaker 1": "Speaker 1", "Speaker 2": "Speaker 2"}


def test_the_sum_counts_and_not_the_greatest_alone() -> None:
    before = [(0.0, 19.0, "A"), (20.0, 29.0, "B")]
    after = [(0.0, 10.0, "x"), (20.0, 29.0, "x"), (10.0, 19.0, "y")]
    assert match(before, after) == {"x": "B", "y": "A"}


def test_nobody_to_match() -> None:
    assert match([], TALK) == match(TALK, []) == match([(0, 1, "A")], [(2, 3, "B")]) == match([(1, 1, "A")], TALK) == {}


@given(spans, spans)
def test_it_is_one_to_one_and_no_other_pairing_has_more_time_together(before: list[Span], after: list[Span]) -> None:
    found = match(before, after)
    assert len(set(found.values())) == len(found)
    assert all(overlap(before, after, old, new) > 0 for new, old in found.items())
    gained = sum(overlap(before, after, old, new) for new, old in found.items())
    best = max(
        sum(overlap(before, after, old, new) for old, new in zip("ABCD", order, strict=True))
        for order in permutations("ABCD")
    )
    assert gained == best


@given(spans)
def test_a_transcript_matches_itself_whatever_its_labels_are_called(before: list[Span]) -> None:
    """Two labels that always speak together may stand for each other; none is left without one."""
    spoken = {label for start, end, label in before if end > start}
    found = match(before, [(start, end, label.lower()) for start, end, label in before])
    assert (set(found), set(found.values())) == ({label.lower() for label in spoken}, spoken)


@given(spans, spans, st.data())
def test_the_order_of_the_spans_does_not_matter(before: list[Span], after: list[Span], data: st.DataObject) -> None:
    assert match(before, data.draw(st.permutations(after))) == match(before, after)


ONE, TWO = Voice("Speaker 1"), Voice("Speaker 2")


@pytest.mark.parametrize(
    ("found", "name", "names"),
    [
        ([ONE, TWO], "Coach", {"Speaker 1": "Coach", "Speaker 2": "Client"}),
        ([ONE, TWO], "Client", {"Speaker 1": "Client", "Speaker 2": "Coach"}),
        ([ONE, Voice("Speaker 2", "Coach")], "Coach", {"Speaker 1": "Coach", "Speaker 2": "Client"}),
        ([ONE, Voice("Speaker 2", "Anna")], "Coach", {"Speaker 1": "Coach"}),  # Anna stays Anna
        ([ONE, TWO], "Ben", {"Speaker 1": "Ben"}),
        ([ONE], "Coach", {"Speaker 1": "Coach"}),
        ([ONE, TWO, Voice("Speaker 3")], "Coach", {"Speaker 1": "Coach"}),
    ],
)
def test_one_click_names_both_of_two(found: list[Voice], name: str, names: dict[str, str]) -> None:
    assert named(found, "Speaker 1", name) == names


def test_a_swap_is_of_two_and_twice_is_none() -> None:
    found = [Voice("Speaker 1", "Coach"), TWO]
    names = swapped(found)
    assert names == {"Speaker 1": None, "Speaker 2": "Coach"}
    assert swapped([Voice(label, name) for label, name in names.items()]) == {"Speaker 1": "Coach", "Speaker 2": None}
    for others in ([], [ONE], [ONE, TWO, Voice("Speaker 3")]):
        with pytest.raises(NotPossible):
            swapped(others)


def test_labels_are_sorted_as_people_count() -> None:
    labels = ["Speaker 10", "Speaker 2", "Speaker 1"]
    assert [voice.label for voice in in_order(map(Voice, labels))] == ["Speaker 1", "Speaker 2", "Speaker 10"]
