"""Opening a recording with FFmpeg's libraries (PyAV) so that nothing but that one file is ever read.

Runs only in the sandbox's child. Five fences: the file comes as an open Python file; formats are on an allow-list (a
playlist such as ffconcat, HLS, DASH or SDP is none of them); no protocol is allowed; the child has no free file
descriptor while it reads; and decoders are on an allow-list that holds none for pictures, so that cover art and video
are never decoded.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy  # noqa: F401 - frames import it late, see below
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from jobs.errors import DecodingFailed, EmptyFile, NoAudioStream, NotAudio
from jobs.media import sandbox_child

# PyAV imports parts of itself late, when no file can be opened any more: have them all now (20 ms)
for _part in pkgutil.walk_packages(av.__path__, "av."):
    if not _part.name.endswith("__main__"):
        importlib.import_module(_part.name)

DEMUXERS = "wav,w64,flac,mp3,mov,mp4,m4a,aac,ogg,matroska,webm"  # names as FFmpeg's `-formats` lists them
DECODERS = (
    *("aac", "aac_latm", "ac3", "eac3", "alac", "flac", "opus", "libopus", "vorbis", "speex"),
    *("mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "amrnb", "amrwb"),  # the latter two in 3GP
    *("adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "g722", "g726", "gsm", "gsm_ms"),  # of dictation machines
    *("pcm_alaw", "pcm_mulaw", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"),
    *("pcm_s32le", "pcm_s32be", "pcm_s64le", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be"),
)
MOST_CHANNELS = 8  # FFmpeg has no rule for mixing down more of them
NO_PROTOCOL = "none"  # a name that no protocol has: an empty list would allow them all
UNKNOWN_SOUND = "The sound in this file is written in a way we cannot read. Please export it as WAV, MP3 or M4A."
DAMAGED_IN_A_ROW = 10  # unreadable places without anything between them, after which a file is taken to end


@contextmanager
def opened(recording: Path) -> Iterator[InputContainer]:
    """The recording, open for reading, with every further file or socket shut out.

    Raises `EmptyFile`, or `NotAudio` when it is none of the accepted formats. An FFmpegError within is the file's fault
    too and becomes `DecodingFailed`: those of reading the disk are plain OSErrors.
    """
    av.logging.set_level(av.logging.PANIC)
    if not recording.is_file():  # a pipe would block for ever
        raise NotAudio(detail="no regular file") if recording.exists() else FileNotFoundError(recording)
    with recording.open("rb") as file:
        if not file.read(1):
            raise EmptyFile
        file.seek(0)
        with sandbox_child.no_further_files():
            try:
                container = av.open(
                    file,
                    container_options={
                        "format_whitelist": DEMUXERS,
                        "protocol_whitelist": NO_PROTOCOL,
                        "codec_whitelist": ",".join(DECODERS),
                    },
                    metadata_errors="replace",
                    io_open=_refuse,
                )
            except MemoryError:
                raise
            except (FFmpegError, ValueError) as exc:
                raise NotAudio(detail=f"{type(exc).__name__}: {exc}") from exc
            with container:
                assert isinstance(container, InputContainer)  # mode is "r"
                try:
                    yield container
                except MemoryError:
                    raise
                except FFmpegError as exc:
                    raise DecodingFailed(detail=f"{type(exc).__name__}: {exc}") from exc


def _refuse(url: str, flags: int, options: object) -> object:  # noqa: ARG001 - the signature is PyAV's
    raise PermissionError(f"a recording may not open {url}")


def audio_stream(container: InputContainer) -> AudioStream:
    """The stream to transcribe: the one FFmpeg thinks best.

    Raises `NoAudioStream`, or `NotAudio` for sound that is written or mixed in a way that cannot be read here.
    """
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        kinds = [one.type for one in container.streams]
        found = f"{container.format.name} with {', '.join(map(str, kinds[:5])) or 'nothing'} in it"
        # a sound track without rate or channels, or no track at all, is what FFmpeg makes of garbage
        raise NoAudioStream(detail=found) if kinds and "audio" not in kinds else NotAudio(detail=found)
    codec: AudioCodecContext | None = stream.codec_context  # None when FFmpeg knows no decoder at all
    if codec is None or codec.name not in DECODERS:
        raise NotAudio(UNKNOWN_SOUND, detail=f"codec {codec.name if codec else 'unknown'}")
    if codec.channels > MOST_CHANNELS:
        raise NotAudio(
            f"This recording has {codec.channels} channels, too many to mix. Please export it in stereo or mono."
        )
    codec.thread_count = 1  # the cores belong to recognition
    return stream


def packets(container: InputContainer, stream: AudioStream) -> Iterator["Packet[AudioStream]"]:
    """The stream's packets, going on behind damaged places as long as something still comes."""
    damaged_in_a_row = 0
    while damaged_in_a_row < DAMAGED_IN_A_ROW:
        try:
            for packet in container.demux(stream):
                damaged_in_a_row = 0
                yield packet
            return
        except MemoryError:
            raise
        except FFmpegError:
            damaged_in_a_row += 1
