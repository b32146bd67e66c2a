"""The part of `decode` that touches the file; runs only in the sandbox's child."""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet

from jobs.errors import DecodingFailed
from jobs.media import sandbox_child
from jobs.media.channel_levels import LevelWriter
from jobs.media.container import audio_stream, opened, packets
from jobs.media.limits import too_long
from jobs.media.pcm import BYTES_PER_SEC, SAMPLE_RATE

REPORT_EVERY_SEC = 0.5


def read_in_sandbox(recording: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Decodes `recording` into `request["target"]`; returns `audio_sec` and the number of `damaged` packets.

    The levels of two channels go to `request["levels"]`, if it is there.
    """
    with ExitStack() as files:
        target = files.enter_context(open(request["target"], "wb"))  # before no file may be opened
        beside = files.enter_context(open(request["levels"], "wb")) if request.get("levels") else None
        container = files.enter_context(opened(recording))
        decoder = Decoder(target, request["max_audio_sec"], LevelWriter(beside) if beside else None)
        for packet in packets(container, audio_stream(container)):
            decoder.add(packet)
        decoder.finish()
    if decoder.written_bytes == 0:
        raise DecodingFailed(detail=f"nothing decodable, {decoder.damaged} damaged packets")
    return {"audio_sec": decoder.audio_sec, "damaged": decoder.damaged}


class Decoder:
    """Turns packets into PCM in `target`, never more than `max_audio_sec` of it (raises `RecordingTooLong`)."""

    def __init__(self, target: BinaryIO, max_audio_sec: float, levels: LevelWriter | None = None) -> None:
        self.target = target
        self.levels = levels
        self.max_audio_sec = max_audio_sec
        self.written_bytes = 0
        self.damaged = 0
        self.resampler: AudioResampler | None = None
        self.source: tuple[str, str, int] | None = None
        self.reported_at = -math.inf  # so that the first packet is reported too: a cancelled session stops at once

    @property
    def audio_sec(self) -> float:
        return self.written_bytes / BYTES_PER_SEC

    def add(self, packet: "Packet[AudioStream]") -> None:
        try:
            frames = packet.decode()
        except MemoryError:
            raise
        except FFmpegError:
            self.damaged += 1
            return
        for frame in frames:
            if self.levels:
                self.levels.add(frame)
            self._write(self._resample(frame))
        if time.monotonic() - self.reported_at > REPORT_EVERY_SEC:
            self.reported_at = time.monotonic()
            sandbox_child.report(self.audio_sec)

    def finish(self) -> None:
        if self.resampler:
            self._write(self.resampler.resample(None))
        if self.levels:
            self.levels.finish()

    def _resample(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if source != self.source:  # a chained or damaged stream may change in the middle
            if self.resampler:
                yield from self.resampler.resample(None)
            self.resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            self.source = source
        assert self.resampler is not None
        frame.pts = None  # sound is written in the order it comes; broken timestamps do not matter
        yield from self.resampler.resample(frame)

    def _write(self, frames: Iterator[AudioFrame] | list[AudioFrame]) -> None:
        for frame in frames:
            sound = frame.to_ndarray().tobytes()
            self.target.write(sound)
            self.written_bytes += len(sound)
            if self.audio_sec > self.max_audio_sec:
                raise too_long(self.max_audio_sec)
