"""The part of `convert` that touches the file; runs only in the sandbox's child."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from jobs.errors import DecodingFailed
from jobs.media.container import audio_stream, opened, packets
from jobs.media.limits import too_long

LOWEST_RATE, HIGHEST_RATE = 8_000, 48_000


def read_in_sandbox(recording: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Writes the stretch to `request["target"]`; returns `audio_sec` and the number of `damaged` packets."""
    start_sec, end_sec = request["start_sec"], request["end_sec"]
    # the target is opened first: no file may be opened while a recording is read
    with (
        open(request["target"], "wb") as file,
        av.open(file, "w", format="flac") as output,
        opened(recording) as source,
    ):
        stream = audio_stream(source)
        writer = FlacWriter(output, stream.codec_context, request["mono"], start_sec, end_sec)
        damaged = _convert(source, stream, writer, start_sec, end_sec, request["max_audio_sec"])
        writer.finish()
    if writer.written == 0:
        raise DecodingFailed(detail=f"no sound in the stretch, {damaged} damaged packets")
    return {"audio_sec": writer.written / writer.rate, "damaged": damaged}


def _convert(
    source: InputContainer,
    stream: AudioStream,
    writer: "FlacWriter",
    start_sec: float,
    end_sec: float | None,
    max_audio_sec: float,
) -> int:
    """Gives the writer the frames that the stretch touches; returns how many packets before its end are damaged."""
    damaged, at_sec = 0, 0.0
    for packet in packets(source, stream):
        try:
            frames = packet.decode()
        except MemoryError:
            raise
        except FFmpegError:
            damaged += 1
            continue
        for frame in frames:
            begins_sec, at_sec = at_sec, at_sec + frame.samples / frame.sample_rate
            if end_sec is not None and begins_sec >= end_sec:
                return damaged
            if at_sec > start_sec:
                writer.add(frame, begins_sec)
            if at_sec > max_audio_sec:
                raise too_long(max_audio_sec)
    return damaged


class FlacWriter:
    """Encodes the samples that lie between two times of the recording; `written` counts them, one for all channels."""

    def __init__(
        self,
        output: OutputContainer,
        source: AudioCodecContext,
        mono: bool,
        start_sec: float,
        end_sec: float | None,
    ) -> None:
        self.rate = min(max(source.sample_rate, LOWEST_RATE), HIGHEST_RATE)
        self.channels = 1 if mono or source.channels == 1 else 2
        self.layout = "mono" if self.channels == 1 else "stereo"
        self.written = 0
        self._output = output
        self._stream = output.add_stream("flac", rate=self.rate, layout=self.layout, format="s16")
        self._first = round(start_sec * self.rate)
        self._end = None if end_sec is None else round(end_sec * self.rate)
        self._next: int | None = None  # the place in the recording of the next sample, at `rate`
        self._resampler: AudioResampler | None = None
        self._source: tuple[str, str, int] | None = None

    def add(self, frame: AudioFrame, begins_sec: float) -> None:
        """The next frame of the recording, without a gap; the first may be any."""
        if self._next is None:
            self._next = round(begins_sec * self.rate)
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if source != self._source:  # a chained or damaged stream may change in the middle
            self._flush_resampler()
            self._resampler = AudioResampler(format="s16", layout=self.layout, rate=self.rate)
            self._source = source
        assert self._resampler is not None
        frame.pts = None  # sound is written in the order it comes; broken timestamps do not matter
        self._write(self._resampler.resample(frame))

    def finish(self) -> None:
        self._flush_resampler()
        if self.written:
            self._output.mux(self._stream.encode(None))

    def _flush_resampler(self) -> None:
        if self._resampler:
            self._write(self._resampler.resample(None))

    def _write(self, frames: Iterable[AudioFrame]) -> None:
        for resampled in frames:
            sound = resampled.to_ndarray().reshape(-1, self.channels)
            assert self._next is not None
            start = max(0, self._first - self._next)
            end = len(sound) if self._end is None else max(start, min(len(sound), self._end - self._next))
            self._next += len(sound)
            self._encode(sound[start:end])

    def _encode(self, sound: "np.ndarray[Any, Any]") -> None:
        if not len(sound):
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(sound.reshape(1, -1)), format="s16", layout=self.layout)
        frame.sample_rate = self.rate
        frame.pts = self.written
        self.written += len(sound)
        self._output.mux(self._stream.encode(frame))
