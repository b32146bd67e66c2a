"""How short and how long a recording may be, said the same way wherever it is noticed."""

from jobs.errors import RecordingTooLong, RecordingTooShort

MIN_AUDIO_SEC = 0.2  # nothing can be said in less


def too_long(max_audio_sec: float) -> RecordingTooLong:
    """The error for a recording beyond `max_audio_sec`, naming the limit."""
    hours = max_audio_sec / 3600
    limit = f"{hours:g} hours" if hours >= 1 else f"{max_audio_sec / 60:g} minutes"
    return RecordingTooLong(
        f"This recording is longer than {limit}, the most this desk accepts. Please split it and upload the parts."
    )


def check_duration(audio_sec: float, max_audio_sec: float) -> None:
    """Raises `RecordingTooShort` or `RecordingTooLong` unless `audio_sec` lies between the limits."""
    if audio_sec < MIN_AUDIO_SEC:
        raise RecordingTooShort(detail=f"{audio_sec:.3f} s of audio")
    if audio_sec > max_audio_sec:
        raise too_long(max_audio_sec)
