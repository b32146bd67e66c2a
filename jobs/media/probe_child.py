"""The part of `probe` that touches the file; runs only in the sandbox's child."""

from pathlib import Path
from typing import Any

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from jobs.errors import NotAudio
from jobs.media.container import audio_stream, opened, packets
from jobs.media.limits import too_long
from jobs.media.promise import promised_by_wav_sec, promised_sec
from jobs.media.speaker_channels import ChannelLevels

COUNTED_BYTES = 64 * 1024 * 1024  # smaller files have all their packets counted (under a second): headers lie
HEADER_TOLERANCE_SEC = 0.5
FIRST_PACKETS = 200  # at least one of these has to hold sound

CONTAINERS = {"wav": "WAV", "w64": "WAV", "flac": "FLAC", "mp3": "MP3", "aac": "AAC", "matroska,webm": "WebM"}
OGG_CODECS = {"opus": "Ogg Opus", "vorbis": "Ogg Vorbis", "flac": "Ogg FLAC", "speex": "Ogg Speex"}
MP4_BRANDS = {"M4A": "M4A", "M4B": "M4A", "qt": "MOV", "3gp": "3GP"}


def read_in_sandbox(recording: Path, request: dict[str, Any]) -> dict[str, Any]:
    """The fields of `AudioFacts`. Raises `RecordingTooLong` as soon as `max_audio_sec` of the request is counted."""
    wav_sec = promised_by_wav_sec(recording)  # before no file may be opened
    with opened(recording) as container:
        stream = audio_stream(container)
        size_bytes = recording.stat().st_size
        levels = ChannelLevels() if stream.codec_context.channels == 2 else None
        return {
            "duration_sec": round(_duration_sec(container, stream, size_bytes, request["max_audio_sec"], levels), 3),
            "promised_sec": promised_sec(container, stream, size_bytes, wav_sec),
            "container": _container_name(container, stream),
            "codec": stream.codec_context.name,
            "sample_rate": stream.codec_context.sample_rate,
            "channels": stream.codec_context.channels,
            "size_bytes": size_bytes,
            "speaker_channels": levels is not None and levels.apart(),
        }


def _duration_sec(
    container: InputContainer,
    stream: AudioStream,
    size_bytes: int,
    max_audio_sec: float,
    levels: ChannelLevels | None = None,
) -> float:
    """How long the sound is: counted from packets, or for a large file what the header says, if that can be true.

    `levels` hears the beginning on the way.
    """
    header_sec = _header_sec(container, stream, size_bytes)
    trusted = header_sec > 0 and size_bytes > COUNTED_BYTES
    counted_sec = 0.0
    sound_found = False
    for number, packet in enumerate(packets(container, stream)):
        if packet.duration and packet.time_base:
            counted_sec += float(packet.duration * packet.time_base)
            if counted_sec > max_audio_sec + HEADER_TOLERANCE_SEC:  # a bomb need not be counted to its end
                raise too_long(max_audio_sec)
        listening = levels is not None and not levels.enough
        if sound_found and not listening:
            if trusted:
                return header_sec
            continue
        if not sound_found and number >= FIRST_PACKETS:
            break
        frames = _frames(packet)
        sound_found = sound_found or any(frame.samples for frame in frames)
        if levels is not None:
            levels.add(frames)
    if not sound_found:
        raise NotAudio(detail=f"none of the first packets of this {container.format.name} could be decoded")
    if abs(counted_sec - header_sec) <= HEADER_TOLERANCE_SEC or counted_sec == 0:
        return header_sec  # what other players show; some codecs' first packets have no length
    return counted_sec


def _frames(packet: "Packet[AudioStream]") -> list[AudioFrame]:
    """None for a damaged packet."""
    try:
        return packet.decode()
    except MemoryError:
        raise
    except FFmpegError:
        return []


def _header_sec(container: InputContainer, stream: AudioStream, size_bytes: int) -> float:
    if stream.duration and stream.time_base:
        header_sec = float(stream.duration * stream.time_base)
    else:
        header_sec = (container.duration or 0) / 1_000_000  # FFmpeg's AV_TIME_BASE
    bit_rate = stream.codec_context.bit_rate or 0
    if stream.codec_context.name.startswith("pcm_") and bit_rate:
        return min(header_sec, size_bytes * 8 / bit_rate)  # uncompressed sound cannot be longer than its file
    return header_sec


def _container_name(container: InputContainer, stream: AudioStream) -> str:
    name = container.format.name
    if name == "ogg":
        return OGG_CODECS.get(stream.codec_context.name, "Ogg")
    if name.startswith("mov,"):
        brand = container.metadata.get("major_brand", "").strip()
        return MP4_BRANDS.get(brand, MP4_BRANDS.get(brand[:3], "MP4"))
    return CONTAINERS.get(name, name)
