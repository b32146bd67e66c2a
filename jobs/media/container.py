"""Opening a recording with FFmpeg's libraries (PyAV) so that nothing but that one file is ever read.

Runs only in the sandbox's child. Four fences: the file comes as an open Python file; formats are on an allow-list (a
playlist such as ffconcat, HLS, DASH or SDP is none of them); no protocol is allowed; and the child has no free file
descriptor while it reads.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy  # noqa: F401 - frames import it late, see below
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from jobs.errors import EmptyFile, NoAudioStream, NotAudio
from jobs.media import sandbox

# PyAV imports parts of itself late, when no file can be opened any more: have them all now (20 ms)
for _part in pkgutil.walk_packages(av.__path__, "av."):
    if not _part.name.endswith("__main__"):
        importlib.import_module(_part.name)

DEMUXERS = "wav,w64,flac,mp3,mov,mp4,m4a,aac,ogg,matroska,webm"  # names as FFmpeg's `-formats` lists them
NO_PROTOCOL = "none"  # a name that no protocol has: an empty list would allow them all
DAMAGED_IN_A_ROW = 10  # unreadable places without anything between them, after which a file is taken to end


@contextmanager
def opened(recording: Path) -> Iterator[InputContainer]:
    """The recording, open for reading, with every further file or socket shut out.

    Raises `EmptyFile`, or `NotAudio` when it is none of the accepted formats.
    """
    av.logging.set_level(av.logging.PANIC)
    with recording.open("rb") as file:
        if not file.read(1):
            raise EmptyFile
        file.seek(0)
        with sandbox.no_further_files():
            try:
                container = av.open(
                    file,
                    container_options={"format_whitelist": DEMUXERS, "protocol_whitelist": NO_PROTOCOL},
                    metadata_errors="replace",
                    io_open=_refuse,
                )
            except MemoryError:
                raise
            except (FFmpegError, ValueError) as exc:
                raise NotAudio(detail=f"{type(exc).__name__}: {exc}") from exc
            with container:
                assert isinstance(container, InputContainer)  # mode is "r"
                yield container


def _refuse(url: str, flags: int, options: object) -> object:  # noqa: ARG001 - the signature is PyAV's
    raise PermissionError(f"a recording may not open {url}")


def audio_stream(container: InputContainer) -> AudioStream:
    """The stream to transcribe: the one FFmpeg thinks best. Raises `NoAudioStream`."""
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        raise NoAudioStream(detail=f"{container.format.name} with {len(container.streams)} streams, none of them audio")
    stream.codec_context.thread_count = 1  # the cores belong to recognition
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
