"""How long the sound is by a recording's own header: more than it plays when its end was cut off. In the sandbox."""

from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer

ESTIMATED_WITHIN = 0.01  # a length that follows from size and bit rate is FFmpeg's guess, and promises nothing
UNKNOWN_SIZE = 0x7FFFF000  # what recorders write that do not know yet how much will come
MOST_CHUNKS = 100


def promised_sec(
    container: InputContainer, stream: AudioStream, size_bytes: int, wav_sec: float | None
) -> float | None:
    """Seconds, or None where the format has no such header, or it says nothing; of a WAV `wav_sec`."""
    if container.format.name == "wav":
        return wav_sec
    if container.format.name in {"aac", "ogg", "w64"}:  # FFmpeg works their length out from what is there
        return None
    if container.format.name == "matroska,webm" and len(container.streams) > 1:
        return None  # it tells the length of the whole, not of each stream: sound may end before the picture
    stream_sec = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    header_sec = stream_sec or (container.duration or 0) / 1_000_000  # FFmpeg's AV_TIME_BASE
    bit_rate = stream.codec_context.bit_rate or 0
    if container.format.name == "mp3" and bit_rate:
        guess_sec = size_bytes * 8 / bit_rate
        if abs(header_sec - guess_sec) <= ESTIMATED_WITHIN * guess_sec:
            return None
    return header_sec or None


def promised_by_wav_sec(recording: Path) -> float | None:
    """From the size of a WAV's data chunk, which FFmpeg shortens to what the file has; None for anything else."""
    if not recording.is_file():  # a pipe would wait for ever
        return None
    with recording.open("rb") as file:
        if file.read(4) != b"RIFF":
            return None
        file.seek(12)
        bytes_per_sec = 0
        for _ in range(MOST_CHUNKS):
            head = file.read(8)
            if len(head) < 8:
                return None
            size = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                return size / bytes_per_sec if bytes_per_sec and 0 < size < UNKNOWN_SIZE else None
            if head[:4] == b"fmt ":
                bytes_per_sec = int.from_bytes(file.read(16)[8:12], "little")
                size -= 16
            file.seek(size + size % 2, 1)
    return None
