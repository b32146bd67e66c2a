"""From any accepted recording to FLAC, for providers that do not read it as it is; streaming, in a sandboxed child."""

import logging
from pathlib import Path

from jobs.media import sandbox
from jobs.media.decode import CPU_BASE_SEC, SLOWEST_DECODING
from store.settings import settings

logger = logging.getLogger(__name__)


def to_flac(
    recording: Path, target: Path, *, start_sec: float = 0.0, end_sec: float | None = None, mono: bool
) -> float:
    """Writes the sound between two times of `recording` to `target` as 16-bit FLAC; returns its length in seconds.

    Times count decoded sound, as those of `jobs.media.decode` do; `end_sec` None is the end. The sample rate is the
    source's, but at least 8 kHz and at most 48 kHz; channels are mixed to one (`mono`), or two are kept apart and more
    mixed to two. Single damaged places are left out and logged. Raises `DecodingFailed` when the stretch holds no
    sound, `RecordingTooLong`, `NotAudio`, `NoAudioStream`, `StorageUnavailable` (disk full), and what `sandbox.read`
    raises; then `target` is removed.
    """
    limits = settings()
    request = {
        "target": str(target.resolve()),
        "start_sec": start_sec,
        "end_sec": end_sec,
        "mono": mono,
        "max_audio_sec": limits.max_audio_sec,
    }
    try:
        result = sandbox.read(
            "jobs.media.convert_child",
            recording,
            request,
            memory_mb=limits.media_memory_mb,
            cpu_sec=CPU_BASE_SEC + limits.max_audio_sec / SLOWEST_DECODING,
        )
    except BaseException:
        if target.is_file():  # a plain file: never a device or a folder that was named by mistake
            target.unlink()
        raise
    if result["damaged"]:
        logger.warning("%d damaged places were left out of %s", result["damaged"], recording.name)
    return float(result["audio_sec"])
