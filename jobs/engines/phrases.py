"""From words to lines of a transcript: split where the speaker pauses, where a sentence ends if the engine writes
sentences, or where a line would get too long.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from jobs.engines.protocol import Segment, Word

PAUSE_SEC = 0.5
LONGEST_SEC = 12.0
PAUSE_IN_SENTENCE_SEC = 2.0
LONGEST_SENTENCE_SEC = 20.0
ABBREVIATIONS = frozenset({"dr.", "mr.", "mrs.", "ms.", "prof.", "st.", "vs.", "e.g.", "i.e.", "z.b.", "d.h."})


def phrases(words: Sequence[Word], speaker: str | None = None) -> tuple[Segment, ...]:
    """The words as segments that read as phrases: a capital letter first, no punctuation that nobody heard."""
    return tuple(_segment(line, speaker, _with_capital) for line in _split(list(words), PAUSE_SEC, LONGEST_SEC))


def written_phrases(words: Sequence[Word], speaker: str | None = None) -> tuple[Segment, ...]:
    """The same for an engine whose words have punctuation and capitals: they are kept as they are, and a sentence's end
    ends a line.
    """
    lines = [line for sentence in _sentences(words) for line in _split(sentence, PAUSE_SEC, LONGEST_SEC)]
    return tuple(_segment(line, speaker, str) for line in lines)


def sentences(words: Sequence[Word], *, between: str = " ") -> tuple[Segment, ...]:
    """Whole sentences of an engine that writes them, split only at a long pause or where one goes on for very long.
    `between` is what stands between two words: nothing in languages that are written without spaces."""
    lines = [
        line for sentence in _sentences(words) for line in _split(sentence, PAUSE_IN_SENTENCE_SEC, LONGEST_SENTENCE_SEC)
    ]
    return tuple(_segment(line, None, str, between) for line in lines)


def _sentences(words: Sequence[Word]) -> list[list[Word]]:
    if not words:
        return []
    ends = [at for at, (word, after) in enumerate(pairwise(words), 1) if _ends_sentence(word.text, after.text)]
    return [list(words[start:end]) for start, end in pairwise([0, *ends, len(words)])]


def _ends_sentence(text: str, after: str) -> bool:
    """A full stop before a small letter is no end, and neither is that of a title."""
    bare = text.rstrip("\"'”’»)")
    if bare.endswith(("!", "?", "。", "！", "？")):
        return True
    return bare.endswith((".", "…")) and not after[:1].islower() and bare.lower() not in ABBREVIATIONS


def _with_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _split(words: list[Word], pause_sec: float, longest_sec: float) -> list[list[Word]]:
    """Lines that hold no gap over `pause_sec`; what is still too long is split at its longest gap."""
    if not words:
        return []
    gaps = [after.start_sec - before.end_sec for before, after in pairwise(words)]
    longest_gap = max(gaps, default=0.0)
    too_long = words[-1].end_sec - words[0].start_sec > longest_sec
    if not gaps or (longest_gap <= pause_sec and not too_long):
        return [words]
    middle = len(gaps) / 2
    # among gaps of the same length the one nearest the middle
    at = max(range(len(gaps)), key=lambda gap: (gaps[gap], -abs(gap + 0.5 - middle))) + 1
    return _split(words[:at], pause_sec, longest_sec) + _split(words[at:], pause_sec, longest_sec)


def _segment(words: list[Word], speaker: str | None, spelled: Callable[[str], str], between: str = " ") -> Segment:
    known = [word.confidence for word in words if word.confidence is not None]
    return Segment(
        start_sec=words[0].start_sec,
        end_sec=words[-1].end_sec,
        text=spelled(between.join(word.text for word in words)),
        speaker=speaker,
        confidence=round(sum(known) / len(known), 3) if known else None,
        words=tuple(words),
    )
