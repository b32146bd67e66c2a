"""Durations and times as people read them. Pure."""

from datetime import UTC, datetime


def clock(seconds: float) -> str:
    """Seconds of audio as `0:07`, `12:05` or `1:02:03`."""
    whole = max(int(seconds), 0)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def roughly(seconds: float) -> str:
    """A length of time for a person: `5 seconds`, `7 min`, `1.5 hours`, `3 hours`; no more exact than it is known."""
    if seconds < 10:
        return f"{max(round(seconds), 1)} s"
    if seconds < 55:
        return f"{round(seconds / 5) * 5} s"
    if seconds < 55 * 60:
        return f"{max(round(seconds / 60), 1)} min"
    half_hours = round(seconds / 1800)
    if half_hours == 2:
        return "1 hour"
    return f"{half_hours // 2} hours" if half_hours % 2 == 0 else f"{half_hours / 2} hours"


def about(seconds: float) -> str:
    """`roughly`, marked as an estimate: `~3.5 hours`."""
    return f"~{roughly(seconds)}"


def between(low_sec: float, high_sec: float) -> str:
    """An interval, `5 min to 9 min`, or one length where both read the same."""
    low, high = roughly(low_sec), roughly(high_sec)
    return low if low == high else f"{low} to {high}"


def ago(seconds: float) -> str:
    """How long since: `just now`, `12 s ago`, `5 min ago`."""
    return "just now" if seconds < 2 else f"{roughly(seconds)} ago"


def iso(moment: datetime | None) -> str | None:
    """UTC to the second as the API writes it, `2025-01-09T10:30:00Z`."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def times_real_time(audio_sec: float, processing_sec: float) -> str:
    """Speed as the coach reads it: `3.9x faster than real time`."""
    ratio = audio_sec / processing_sec if processing_sec > 0 else 0
    if ratio >= 1:
        return f"{ratio:.1f}x faster than real time"
    return f"{1 / ratio:.1f}x slower than real time" if ratio > 0 else ""


def end_is_missing(there_sec: float, promised_sec: float | None) -> str | None:
    """`The file ends after 3:12, although it says that it lasts 6:00. What is there is transcribed.`, or None.

    Two seconds or two percent, whichever is more, are left to encoders that count otherwise.
    """
    if promised_sec is None or promised_sec - there_sec <= max(2.0, 0.02 * promised_sec):
        return None
    return (
        f"The file ends after {clock(there_sec)}, although it says that it lasts {clock(promised_sec)}. "
        "What is there is transcribed."
    )
