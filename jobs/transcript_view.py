"""The finished transcript as its page shows it: turns of speakers, words that can be played, and which are uncertain.

Pure. Three hours have 30,000 words: each is three small numbers beside its line's text, and never an object.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from jobs.durations import clock
from store.speaker_names import Voice, in_order
from store.transcript_queries import Line

# A word below this is shaded. Whisper base on 467 words of read speech, a third of them clean and the others with white
# noise at 10 and 3 dB: of 35 words below 22 were wrong (63 %), of 432 others 24 (6 %).
UNCERTAIN_BELOW = 0.5
# PocketSphinx is left out: on the same speech with noise 187 of 214 words were below, and of the 27 that would have
# passed for certain 15 were wrong. Its drafts carry a warning as a whole.
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
    for gap, length, start_sec, confidence in _placed(line):
        if confidence is not None and is_uncertain(engine, confidence):
            uncertain += (len(words) // 3, int(100 * confidence))
        words += (gap, length, max(round(100 * (start_sec - line.start_sec)), 0))
    return {
        "start": line.start_sec,
        "end": line.end_sec,
        "time": clock(line.start_sec),
        "speaker": number.get(line.speaker) if line.speaker else None,
        "text": line.text,
        "words": words,
        "uncertain": uncertain,
    }


def _placed(line: Line) -> Iterator[tuple[int, int, float, float | None]]:
    """The words that stand in the line's text: the distance from the one before and the length, as a browser counts
    characters, start and confidence. One that is written otherwise there is passed over."""
    text, end = line.text, 0
    one_each = text.isascii()
    for spelled, start_sec, confidence in line.words:
        written = spelled.strip()
        start = _find(text, written, end)
        if start < 0:
            continue
        before, end = end, start + len(written)
        if one_each:
            yield start - before, end - start, start_sec, confidence
        else:
            yield _length(text[before:start]), _length(text[start:end]), start_sec, confidence


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
