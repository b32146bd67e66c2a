"""The finished transcript as its page shows it: turns of speakers, words that can be played, and which are uncertain.

Pure. Three hours have 30,000 words: each is three small numbers beside its line's text, and never an object.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from jobs.durations import clock
from store.speaker_names import Voice, in_order
from store.transcript_queries import Line

# A word below this is shaded. Whisper's probabilities are those of its text given the sound, averaged over a word's
# tokens: of words under 0.5 about every second one is wrong, of those above about one in twenty.
UNCERTAIN_BELOW = 0.5
# PocketSphinx is left out: it divides its belief among the words that it was offered, so on a real call a wrong word has
# 0.9 as often as a right one, and what is not shaded would pass for certain. Its drafts carry a warning as a whole.
ENGINES_THAT_KNOW = frozenset({"whisper", "google"})
LOOK_AHEAD_CHARS = 12  # between two words: spaces and punctuation


def is_uncertain(engine: str, confidence: float | None) -> bool:
    return confidence is not None and confidence < UNCERTAIN_BELOW and engine in ENGINES_THAT_KNOW


def voices(lines: Sequence[Line]) -> list[Voice]:
    """Who speaks in these lines, in order."""
    found = {line.speaker_label: line.speaker for line in lines if line.speaker_label and line.speaker}
    return in_order(Voice(label, None if shown == label else shown) for label, shown in found.items())


def content(lines: Sequence[Line], engine: str) -> dict[str, Any]:
    """For the player: `speakers` by name, and `lines`, whose `speaker` counts among them (None: nobody is known)."""
    names = list(dict.fromkeys(voice.shown for voice in voices(lines)))
    number = {name: at for at, name in enumerate(names)}
    return {"speakers": names, "lines": [_line(line, engine, number) for line in lines]}


def _line(line: Line, engine: str, number: dict[str, int]) -> dict[str, Any]:
    """`words` are three numbers each: characters since the word before, its own, and 1/100 s since the line's start.
    `uncertain` are two each: which word, and its confidence in percent."""
    words: list[int] = []
    uncertain: list[int] = []
    for at, ((gap, length), (_, start_sec, confidence)) in enumerate(_placed(line)):
        words += [gap, length, max(round(100 * (start_sec - line.start_sec)), 0)]
        if confidence is not None and is_uncertain(engine, confidence):
            uncertain += [at, int(100 * confidence)]
    return {
        "start": line.start_sec,
        "end": line.end_sec,
        "time": clock(line.start_sec),
        "speaker": number.get(line.speaker) if line.speaker else None,
        "text": line.text,
        "words": words,
        "uncertain": uncertain,
    }


def _placed(line: Line) -> Iterator[tuple[tuple[int, int], tuple[str, float, float | None]]]:
    """The words that stand in the line's text, each with its distance from the one before and its length, as a browser
    counts characters. One that is written otherwise there is passed over."""
    end = 0
    for word in line.words:
        written = word[0].strip()
        start = _find(line.text, written, end)
        if start >= 0:
            after = start + len(written)
            yield (_length(line.text[end:start]), _length(line.text[start:after])), word
            end = after


def _find(text: str, written: str, begin: int) -> int:
    """Where it stands, from here on and soon, perhaps with a capital; -1: nowhere."""
    if not written:
        return -1
    last = begin + LOOK_AHEAD_CHARS + len(written)
    at = text.find(written, begin, last)
    return at if at >= 0 else text.find(written[:1].upper() + written[1:], begin, last)


def _length(text: str) -> int:
    """In UTF-16 units."""
    return len(text) + sum(letter > "\uffff" for letter in text)
