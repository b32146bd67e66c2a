"""Recognising child processes: forked at once, given chunks one at a time, gone when their context ends.

Each child has a pipe of its own, so nothing is shared that a killed child could leave locked. The work itself is a
function `transcribe(pcm, chunk, wanted, report)`; every local engine can use this module.
"""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path

from jobs.engines.protocol import DETECT, AudioDone, ChunkBegun, ChunkDone, Event, Heard, LanguageHeard, Wanted
from jobs.errors import RecognitionFailed
from jobs.leash import die_with_parent
from jobs.media.silences import Chunk

NICENESS = 10  # recognition must not starve heartbeats and the dashboard
REPORT_EVERY_SEC = 0.25
QUIET_SEC = 1.0  # the caller hears at least this often, so that it can stop
LAST_WORD_SEC = 1.0  # an idle child that was told to go gets this long, then it is killed

Transcribe = Callable[[Path, Chunk, Wanted, Callable[[float], None]], Heard]
Detect = Callable[[Path, Sequence[Chunk]], LanguageHeard | None]
Message = float | Heard | LanguageHeard | None


class Children:
    """Implements `protocol.Recogniser` with `processes` forked children that call `transcribe`.

    With `detect` one of them first listens to the whole recording for the language that is spoken in it.
    """

    def __init__(self, processes: int, transcribe: Transcribe, detect: Detect | None = None) -> None:
        """Forks now. The children inherit whatever model `transcribe` has loaded."""
        self._detects = detect is not None
        context = multiprocessing.get_context("fork")
        parent = os.getpid()
        self._processes: dict[Connection, ForkProcess] = {}
        for _ in range(max(1, processes)):
            ours, theirs = context.Pipe()
            inherited = [*self._processes, ours]
            process = context.Process(target=_serve, args=(theirs, inherited, parent, transcribe, detect), daemon=True)
            process.start()
            theirs.close()
            self._processes[ours] = process

    def recognise(self, pcm: Path, chunks: Sequence[Chunk], wanted: Wanted | None = None) -> Iterator[Event]:
        """As `protocol.Recogniser.recognise`; an `AudioDone(0.0)` comes when a second passes without an event."""
        try:
            yield from self._recognise(pcm, chunks, wanted or Wanted())
        except BaseException:
            self.kill()
            raise

    def is_alive(self) -> bool:
        return all(process.is_alive() for process in self._processes.values())

    def _recognise(self, pcm: Path, chunks: Sequence[Chunk], wanted: Wanted) -> Iterator[Event]:
        if self._detects and chunks and wanted.detects:
            for event in self._detect(pcm, chunks):
                if isinstance(event, LanguageHeard) and wanted.language == DETECT:
                    wanted = replace(wanted, language=event.language)
                yield event
        yield from self._share_out(pcm, deque(chunks), wanted)

    def _detect(self, pcm: Path, chunks: Sequence[Chunk]) -> Iterator[Event]:
        """At most one `LanguageHeard`; none where nobody speaks."""
        child = next(iter(self._processes))
        busy = {child: chunks[0]}
        self._send(child, (pcm, list(chunks), None))
        while busy:
            for _, message in self._messages(busy):
                busy = {}
                if isinstance(message, LanguageHeard):
                    yield message
            if busy:
                yield AudioDone(0.0)

    def _share_out(self, pcm: Path, waiting: deque[Chunk], wanted: Wanted) -> Iterator[Event]:
        busy: dict[Connection, Chunk] = {}
        for child in self._processes:
            yield from self._give(child, pcm, waiting, busy, wanted)
        audio_sec, told_at = 0.0, time.monotonic()
        while busy:
            messages = list(self._messages(busy))
            audio_sec += sum(message for _, message in messages if isinstance(message, float))
            finished = [(child, message) for child, message in messages if isinstance(message, Heard)]
            if finished or time.monotonic() - told_at >= REPORT_EVERY_SEC:
                yield AudioDone(audio_sec)
                audio_sec, told_at = 0.0, time.monotonic()
            for child, heard in finished:
                chunk = busy.pop(child)
                yield from self._give(child, pcm, waiting, busy, wanted)
                yield ChunkDone(chunk, heard.segments, heard.voices)

    def _give(
        self, child: Connection, pcm: Path, waiting: deque[Chunk], busy: dict[Connection, Chunk], wanted: Wanted
    ) -> Iterator[ChunkBegun]:
        if not waiting:
            return
        chunk = busy[child] = waiting.popleft()
        known = wanted.known.get(chunk.start_sec)
        self._send(child, (pcm, chunk, replace(wanted, known={} if known is None else {chunk.start_sec: known})))
        if known is None:
            yield ChunkBegun(chunk)

    def _send(self, child: Connection, order: object) -> None:
        try:
            child.send(order)
        except OSError as exc:
            raise self._death(child) from exc

    def _messages(self, busy: dict[Connection, Chunk]) -> Iterator[tuple[Connection, Message]]:
        """One message of each child that has one, after at most a second. Raises `RecognitionFailed` for a dead one."""
        sentinels = {process.sentinel: child for child, process in self._processes.items() if child in busy}
        for ready in wait([*busy, *sentinels], timeout=QUIET_SEC):
            if isinstance(ready, int):
                raise self._death(sentinels[ready])
            assert isinstance(ready, Connection)
            try:
                message = ready.recv()
            except (EOFError, OSError) as exc:
                raise self._death(ready) from exc
            if isinstance(message, str):
                raise RecognitionFailed(detail=message)
            yield ready, message

    def _death(self, child: Connection) -> RecognitionFailed:
        process = self._processes[child]
        process.join(LAST_WORD_SEC)
        return RecognitionFailed(detail=f"a recognising process ended with exit code {process.exitcode}")

    def dismiss(self) -> None:
        """Lets idle children end by themselves, and kills the others."""
        for child in self._processes:
            with suppress(OSError):
                child.send(None)
        deadline = time.monotonic() + LAST_WORD_SEC
        for process in self._processes.values():
            process.join(max(0.0, deadline - time.monotonic()))
        self.kill()

    def kill(self) -> None:
        """Ends the children at once; may be called again."""
        for process in self._processes.values():
            process.kill()
        for child, process in self._processes.items():
            process.join()
            child.close()
        self._processes = {}


@contextmanager
def children(processes: int, transcribe: Transcribe, detect: Detect | None = None) -> Iterator[Children]:
    """`Children` for the length of a `with`; none is left when it ends."""
    forked = Children(processes, transcribe, detect)
    try:
        yield forked
    except BaseException:
        forked.kill()
        raise
    forked.dismiss()


def _serve(
    pipe: Connection, inherited: list[Connection], parent: int, transcribe: Transcribe, detect: Detect | None
) -> None:
    """What a child does: transcribe chunk after chunk until it is told to go."""
    die_with_parent(parent)
    for signal_number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(signal_number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the worker decides
    for connection in inherited:
        connection.close()
    os.nice(NICENESS)
    while order := pipe.recv():
        pcm, chunk, wanted = order
        progress = _Progress(pipe)
        try:
            if wanted is None:
                assert detect is not None
                pipe.send(detect(pcm, chunk))
                continue
            heard = transcribe(pcm, chunk, wanted, progress.add)
        except Exception as exc:  # noqa: BLE001 - the parent raises it by name
            pipe.send(f"{type(exc).__name__}: {exc}")
            return
        if not wanted.known:
            progress.complete(chunk)
        pipe.send(heard)


class _Progress:
    """Sends seconds of audio to the parent, a few times a second, adding up to the chunk exactly."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.sent_sec = 0.0
        self.done_sec = 0.0
        self.sent_at = time.monotonic()

    def add(self, audio_sec: float) -> None:
        self.done_sec += audio_sec
        if time.monotonic() - self.sent_at >= REPORT_EVERY_SEC:
            self._send()

    def complete(self, chunk: Chunk) -> None:
        self.done_sec = chunk.audio_sec
        self._send()

    def _send(self) -> None:
        self.pipe.send(max(self.done_sec - self.sent_sec, 0.0))  # blocks may add up to a hair more than the chunk
        self.sent_sec, self.sent_at = self.done_sec, time.monotonic()
