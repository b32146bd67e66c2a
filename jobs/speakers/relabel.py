"""Segments with speakers: split where the speaker changes, otherwise as they were."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from jobs.engines.protocol import Segment, Word

SPEAKERS = {1: "Speaker 1", 2: "Speaker 2"}
WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "km", "yue"})


def spoken(segments: Sequence[Segment]) -> list[Word]:
    """All words in order; a segment without words counts as one."""
    return [word for segment in segments for word in _words(segment)]


def relabel(segments: Sequence[Segment], labels: Sequence[int], language: str = "en") -> tuple[Segment, ...]:
    """The segments with their speakers, by one label (1 or 2) for each word of `spoken(segments)`.

    A segment in which the speaker changes is split there; words, times, punctuation and capitals stay as they are.
    `language` is a tag: words of a language that is written without spaces are joined without them. Raises `ValueError`
    when there are more or fewer labels than words.
    """
    if len(labels) != len(spoken(segments)):
        raise ValueError(f"{len(labels)} labels for {len(spoken(segments))} words")
    between = "" if language.partition("-")[0].lower() in WITHOUT_SPACES else " "
    left = iter(labels)
    parts: list[Segment] = []
    for segment in segments:
        labelled = [(next(left), word) for word in _words(segment)]
        turns = [(label, [word for _, word in turn]) for label, turn in groupby(labelled, key=lambda one: one[0])]
        if len(turns) == 1:
            parts.append(replace(segment, speaker=SPEAKERS[turns[0][0]]))
        else:
            parts += [_part(words, SPEAKERS[label], between) for label, words in turns]
    return tuple(parts)


def _words(segment: Segment) -> tuple[Word, ...]:
    return segment.words or (Word(segment.text, segment.start_sec, segment.end_sec, segment.confidence),)


def _part(words: Sequence[Word], speaker: str, between: str) -> Segment:
    known = [word.confidence for word in words if word.confidence is not None]
    return Segment(
        start_sec=words[0].start_sec,
        end_sec=words[-1].end_sec,
        text=between.join(word.text.strip() for word in words),
        speaker=speaker,
        confidence=round(sum(known) / len(known), 3) if known else None,
        words=tuple(words),
    )
