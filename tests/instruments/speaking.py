"""Segments of people who speak in turn, as an engine that tells voices apart writes them."""

from typing import Any

SAID = (("Well,", "maybe"), ("What", "stops", "you?"), ("Nothing", "does."), ("Go", "on."))
LINE_SEC, WORD_SEC = 4.0, 0.3


def dialogue(*labels: str | None, said: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """A line of each of these speakers in turn, 4 s each; every second word is uncertain (34 %)."""
    return [_line(at * LINE_SEC, label, said or SAID[at % len(SAID)]) for at, label in enumerate(labels)]


def _line(start_sec: float, label: str | None, said: tuple[str, ...]) -> dict[str, Any]:
    words = [
        {
            "text": word,
            "start_sec": start_sec + at * WORD_SEC,
            "end_sec": start_sec + (at + 1) * WORD_SEC,
            "confidence": 0.34 if at % 2 else 0.97,
        }
        for at, word in enumerate(said)
    ]
    end_sec = start_sec + LINE_SEC - 0.2
    text = " ".join(said)
    return {
        "start_sec": start_sec,
        "end_sec": end_sec,
        "text": text,
        "speaker": label,
        "confidence": 0.6,
        "words": words,
    }
