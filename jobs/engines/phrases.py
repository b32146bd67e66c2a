"""From words to lines of a transcript: split where the speaker pauses, or where a line would get too long."""

from collections.abc import Sequence
from itertools import pairwise

from jobs.engines.protocol import Segment, Word

PAUSE_SEC = 0.5
LONGEST_SEC = 12.0


def phrases(words: Sequence[Word], speaker: str | None = None) -> tuple[Segment, ...]:
    """The words as segments that read as phrases: a capital letter first, no punctuation that nobody heard."""
    return tuple(_segment(line, speaker) for line in _split(list(words), PAUSE_SEC))


def _split(words: list[Word], pause_sec: float) -> list[list[Word]]:
    """Lines that hold no gap over `pause_sec`; what is still too long is split at its longest gap."""
    if not words:
        return []
    gaps = [after.start_sec - before.end_sec for before, after in pairwise(words)]
    longest_gap = max(gaps, default=0.0)
    too_long = words[-1].end_sec - words[0].start_sec > LONGEST_SEC
    if not gaps or (longest_gap <= pause_sec and not too_long):
        return [words]
    middle = len(gaps) / 2
    # among gaps of the same length the one nearest the middle
    at = max(range(len(gaps)), key=lambda gap: (gaps[gap], -abs(gap + 0.5 - middle))) + 1
    return _split(words[:at], pause_sec) + _split(words[at:], pause_sec)


def _segment(words: list[Word], speaker: str | None) -> Segment:
    text = " ".join(word.text for word in words)
    known = [word.confidence for word in words if word.confidence is not None]
    return Segment(
        start_sec=words[0].start_sec,
        end_sec=words[-1].end_sec,
        text=text[:1].upper() + text[1:],
        speaker=speaker,
        confidence=round(sum(known) / len(known), 3) if known else None,
        words=tuple(words),
    )
