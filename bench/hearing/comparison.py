"""What was heard against what was said: word errors as the field counts them (jiwer), invented and lost words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jiwer

from bench.baselines.bare_engine import Spoken
from bench.hearing.readings import Turn

FILLERS = frozenset({"um", "uh"})
SPELLED = {"mr": "mister", "mrs": "missus", "dr": "doctor", "ok": "okay"}
MAX_PHRASE_WORDS = 8
REPEATS = 3
NEAR_SEC = 0.3
TO_THE_FIRST_WORD_SEC = 0.3  # an utterance may begin with a breath


@dataclass(frozen=True)
class Errors:
    """Numbers of words."""

    said: int = 0
    substituted: int = 0
    lost: int = 0
    inserted: int = 0

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.said + other.said,
            self.substituted + other.substituted,
            self.lost + other.lost,
            self.inserted + other.inserted,
        )

    @property
    def wrong(self) -> int:
        return self.substituted + self.lost + self.inserted

    @property
    def rate(self) -> float:
        return self.wrong / max(self.said, 1)

    @property
    def insertion_rate(self) -> float:
        return self.inserted / max(self.said, 1)


def plain(text: str) -> list[str]:
    """The words in lower case, without punctuation and without um and uh; titles as they are spoken."""
    words = re.findall(r"[\w']+", text.lower().replace("’", "'"))
    return [SPELLED.get(word, word) for word in (word.strip("'") for word in words) if word and word not in FILLERS]


def errors(said: str, heard: str) -> Errors:
    """The word errors of a text."""
    reference, found = plain(said), plain(heard)
    if not reference or not found:
        return Errors(len(reference), 0, len(reference), len(found))
    counted = jiwer.process_words(" ".join(reference), " ".join(found))
    return Errors(len(reference), counted.substitutions, counted.deletions, counted.insertions)


def loops(said: str, heard: str) -> list[str]:
    """The phrases that come three times in a row in what was heard, but not in what was said."""
    spoken = f" {' '.join(plain(said))} "
    words = plain(heard)
    found, at = [], 0
    while at < len(words):
        size = next((size for size in range(1, MAX_PHRASE_WORDS + 1) if _repeats(words, at, size)), 0)
        thrice = " ".join(words[at : at + size * REPEATS])
        if size and f" {thrice} " not in spoken:
            found.append(thrice)
        at += size * REPEATS or 1
    return found


def _repeats(words: Sequence[str], at: int, size: int) -> bool:
    phrase = words[at : at + size]
    return len(phrase) == size and list(words[at : at + size * REPEATS]) == [*phrase] * REPEATS


def lost_stretches(turns: Sequence[Turn], words: Sequence[Spoken], over_sec: float) -> list[tuple[float, float]]:
    """Parts of the turns longer than `over_sec` in which no word was heard, in seconds of the recording."""
    found = []
    for turn in turns:
        at_sec = turn.start_sec + TO_THE_FIRST_WORD_SEC
        within = sorted(
            (word.start_sec, word.end_sec)
            for word in words
            if word.end_sec > turn.start_sec and word.start_sec < turn.end_sec
        )
        for start_sec, end_sec in [*within, (turn.end_sec, turn.end_sec)]:
            if start_sec - at_sec > over_sec:
                found.append((at_sec, start_sec))
            at_sec = max(at_sec, end_sec)
    return found


def near(turn: Turn, words: Sequence[Spoken]) -> list[Spoken]:
    """The words that were heard at this turn."""
    return [
        word for word in words if word.end_sec > turn.start_sec - NEAR_SEC and word.start_sec < turn.end_sec + NEAR_SEC
    ]


def start_differences(turn: Turn, alone: Sequence[Spoken], words: Sequence[Spoken]) -> Iterator[float]:
    """How far the starts of the turn's words are from those that they have when the utterance is heard alone."""
    here = near(turn, words)
    reference, found = [_one(word) for word in alone], [_one(word) for word in here]
    if not reference or not found:
        return
    for part in jiwer.process_words(" ".join(reference), " ".join(found)).alignments[0]:
        if part.type != "equal":
            continue
        for i in range(part.ref_end_idx - part.ref_start_idx):
            expected_sec = turn.start_sec + alone[part.ref_start_idx + i].start_sec
            yield abs(here[part.hyp_start_idx + i].start_sec - expected_sec)


def _one(word: Spoken) -> str:
    """The word as one, whatever signs it has."""
    return "".join(plain(word.text)) or "-"
