"""From any accepted recording to plain PCM, streaming, in a sandboxed child process."""

import logging
from pathlib import Path

from jobs.media import sandbox
from jobs.media.limits import check_duration
from store.settings import settings

logger = logging.getLogger(__name__)

CPU_BASE_SEC = 60
SLOWEST_DECODING = 50  # times faster than real time; the slowest of the accepted formats ran at several hundred


def decode(path: Path, target: Path, *, on_progress: sandbox.Report | None = None, levels: Path | None = None) -> float:
    """Writes the sound of `path` to `target` as `jobs.media.pcm` has it; returns its length in seconds.

    With `levels` how loud the two channels are is written there, as `jobs.media.channel_levels` has it.

    `on_progress` is called at once and about twice a second with the seconds decoded so far; what it raises stops the
    decoding.
    Single damaged places are left out and logged. Raises `RecordingTooLong` as soon as the limit is passed,
    `RecordingTooShort`, `NotAudio`, `NoAudioStream`, `DecodingFailed`, `StorageUnavailable` (disk full), and what
    `sandbox.read` raises; then `target` and `levels` are removed.
    """
    limits = settings()
    try:
        result = sandbox.read(
            "jobs.media.decode_child",
            path,
            {
                "target": str(target.resolve()),
                "levels": str(levels.resolve()) if levels else None,
                "max_audio_sec": limits.max_audio_sec,
            },
            memory_mb=limits.media_memory_mb,
            cpu_sec=CPU_BASE_SEC + limits.max_audio_sec / SLOWEST_DECODING,
            on_progress=on_progress,
        )
        audio_sec = float(result["audio_sec"])
        check_duration(audio_sec, limits.max_audio_sec)
    except BaseException:
        for written in (target, levels):
            if written and written.is_file():  # a plain file: never a device or a folder that was named by mistake
                written.unlink()
        raise
    if result["damaged"]:
        logger.warning("%d damaged places were left out of %s", result["damaged"], path.name)
    return audio_sec
