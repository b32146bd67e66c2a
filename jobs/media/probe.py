"""What a file is, before anyone waits for it: its format, and how long it really plays."""

from dataclasses import dataclass
from pathlib import Path

from jobs.errors import EmptyFile, FileTooLarge
from jobs.media import sandbox
from jobs.media.limits import check_duration
from store.settings import settings

CPU_SEC = 60


@dataclass(frozen=True)
class AudioFacts:
    """What was found in a file; decoding may still find a slightly different `duration_sec`."""

    duration_sec: float
    promised_sec: float | None  # what the header says, also of a file whose end is missing
    container: str
    codec: str
    sample_rate: int
    channels: int
    size_bytes: int
    speaker_channels: bool  # two channels with one speaker each


def probe(path: Path) -> AudioFacts:
    """The facts of the recording at `path`, read in a sandboxed child process (about 15 ms).

    Raises `EmptyFile`, `FileTooLarge`, `NotAudio`, `NoAudioStream`, `RecordingTooShort`, `RecordingTooLong`, and what
    `sandbox.read` raises; `FileNotFoundError` when there is no such path.
    """
    limits = settings()
    size_bytes = path.stat().st_size
    if size_bytes == 0:
        raise EmptyFile
    if size_bytes > limits.max_upload_bytes:
        raise FileTooLarge(
            f"This file is {size_bytes / 1024**2:.0f} MiB large; this desk accepts up to {limits.max_upload_mb} MiB. "
            "Please export it as MP3 or M4A, or split it."
        )
    result = sandbox.read(
        "jobs.media.probe_child",
        path,
        {"max_audio_sec": limits.max_audio_sec},
        memory_mb=limits.media_memory_mb,
        cpu_sec=CPU_SEC,
    )
    facts = AudioFacts(**result)
    check_duration(facts.duration_sec, limits.max_audio_sec)
    return facts
