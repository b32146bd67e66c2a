"""Recognising child processes: forked at once, given chunks one at a time, gone when their context ends.

A child works on a chunk while it holds one of the machine's cores (jobs/cores.py). A model is loaded with its first
chunk, under a core. At most one child of a session waits for a core. One that has no model yet gets a chunk only when a
core is spare, so that several sessions at once load about one model each.

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
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path

from jobs import cores
from jobs.engines.protocol import DETECT, AudioDone, ChunkBegun, ChunkDone, Event, Heard, LanguageHeard, Wanted
from jobs.errors import RecognitionFailed
from jobs.leash import die_with_parent
from jobs.media.silences import Chunk

NICENESS = 10  # recognition must not starve heartbeats and the dashboard
REPORT_EVERY_SEC = 0.25
QUIET_SEC = 1.0  # the caller hears at least this often, so that it can stop
SPARE_SEC = 0.1  # a core is spare that was free for so long: between two chunks it is free for a moment
LAST_WORD_SEC = 1.0  # an idle child that was told to go gets this long, then it is killed

Transcribe = Callable[[Path, Chunk, Wanted, Callable[[float], None]], Heard]
Detect = Callable[[Path, Sequence[Chunk]], LanguageHeard | None]


@dataclass(frozen=True)
class _Begun:
    """The child has a core and begins what it was given."""


Message = float | Heard | LanguageHeard | _Begun | None


class Children:
    """Implements `protocol.Recogniser` with `processes` forked children that call `transcribe`.

    With `detect` one of them first listens to the whole recording for the language that is spoken in it.
    """

    def __init__(self, processes: int, transcribe: Transcribe, detect: Detect | None = None) -> None:
        """Forks now. The children inherit whatever model `transcribe` has loaded."""
        self._detects = detect is not None
        self._loaded: set[Connection] = set()  # children that have worked, so that they have their model
        self._looked_at = 0.0
        cores.prepare()
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
        child = next(iter(self._loaded or self._processes))
        busy = {child: chunks[0]}
        self._send(child, (pcm, list(chunks), None))
        while busy:
            for _, message in self._messages(busy):
                if isinstance(message, _Begun):
                    self._loaded.add(child)
                    continue
                busy = {}
                if isinstance(message, LanguageHeard):
                    yield message
            if busy:
                yield AudioDone(0.0)

    def _share_out(self, pcm: Path, waiting: deque[Chunk], wanted: Wanted) -> Iterator[Event]:
        busy: dict[Connection, Chunk] = {}
        queued: set[Connection] = set()  # those of them that wait for a core
        spare = _Spare()
        self._give(pcm, waiting, busy, queued, spare, wanted)
        audio_sec, told_at = 0.0, time.monotonic()
        while busy:
            begun, finished = [], []
            for child, message in self._messages(busy, SPARE_SEC if self._wishes_more(waiting, busy) else QUIET_SEC):
                match message:
                    case _Begun():
                        queued.discard(child)
                        self._loaded.add(child)
                        begun.append(busy[child])
                    case float():
                        audio_sec += message
                    case Heard():
                        finished.append((busy.pop(child), message))
            self._give(pcm, waiting, busy, queued, spare, wanted)  # before the caller takes its time
            yield from (ChunkBegun(chunk) for chunk in begun if chunk.start_sec not in wanted.known)
            if finished or time.monotonic() - told_at >= REPORT_EVERY_SEC:
                yield AudioDone(audio_sec)
                audio_sec, told_at = 0.0, time.monotonic()
            for chunk, heard in finished:
                yield ChunkDone(chunk, heard.segments, heard.voices)

    def _give(
        self,
        pcm: Path,
        waiting: deque[Chunk],
        busy: dict[Connection, Chunk],
        queued: set[Connection],
        spare: "_Spare",
        wanted: Wanted,
    ) -> None:
        """Hand the next chunk to a child, unless one of ours waits for a core already."""
        if not waiting or queued:
            return
        idle = [child for child in self._processes if child not in busy]
        child = next((child for child in idle if child in self._loaded), None)
        if child is None and idle and (not busy or spare.is_there()):
            child = idle[0]
        if child is None:
            return
        chunk = busy[child] = waiting.popleft()
        queued.add(child)
        known = wanted.known.get(chunk.start_sec)
        self._send(child, (pcm, chunk, replace(wanted, known={} if known is None else {chunk.start_sec: known})))

    def _wishes_more(self, waiting: deque[Chunk], busy: dict[Connection, Chunk]) -> bool:
        """Whether a child could work on what waits, were there a spare core."""
        return bool(waiting) and len(busy) < len(self._processes)

    def _send(self, child: Connection, order: object) -> None:
        try:
            child.send(order)
        except OSError as exc:
            raise self._death(child) from exc

    def _messages(
        self, busy: dict[Connection, Chunk], quiet_sec: float = QUIET_SEC
    ) -> Iterator[tuple[Connection, Message]]:
        """One message of each child that has one, after at most a second. Raises `RecognitionFailed` for a dead one."""
        if time.monotonic() - self._looked_at >= QUIET_SEC:
            cores.end_stopped()
            self._looked_at = time.monotonic()
        sentinels = {process.sentinel: child for child, process in self._processes.items() if child in busy}
        for ready in wait([*busy, *sentinels], timeout=quiet_sec):
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
        self._loaded = set()


class _Spare:
    """Whether a core is spare for a further child: at once in the beginning, later when it is so for a moment."""

    def __init__(self) -> None:
        self._since: float | None = 0.0

    def is_there(self) -> bool:
        if not cores.is_spare():
            self._since = None
            return False
        if self._since is None:
            self._since = time.monotonic()
        return time.monotonic() - self._since >= SPARE_SEC


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
        heard: Heard | LanguageHeard | None
        try:
            with cores.core(pcm.stem.partition(".")[0]):  # `{session}.{claim number}.pcm`
                pipe.send(_Begun())
                if wanted is None:
                    assert detect is not None
                    heard = detect(pcm, chunk)
                else:
                    heard = transcribe(pcm, chunk, wanted, progress.add)
        except Exception as exc:  # noqa: BLE001 - the parent raises it by name
            pipe.send(f"{type(exc).__name__}: {exc}")
            return
        if wanted is not None and not wanted.known:
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
