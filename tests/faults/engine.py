"""The suite's engine: in child processes like the real one, but its text is a function of the samples.

So the checker can tell whether a transcript belongs to exactly this recording, whole and in order. What any local
engine works on is written to `work.jsonl`, which shows whether anything was recognised twice that need not be, and how
many chunks were worked on at a time.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from jobs.engines.children import Children, Transcribe, children
from jobs.engines.protocol import Heard, Segment, Wanted
from jobs.engines.registry import EngineEntry, register
from jobs.media.silences import USUAL, Chunk
from store.settings import settings
from tests.faults.crash_points import passing
from tests.faults.recordings import BYTES_PER_SAMPLE, SAMPLE_RATE, text_of
from tests.faults.seams import replace

NAME = "suite"
PACE = 0.1  # seconds of work a second of audio
STEP_SEC = 0.1
WORK_FILE = "work.jsonl"


class SuiteEngine:
    """Implements `jobs.engines.protocol.InProcessEngine`. It sleeps instead of computing: the faults are the load."""

    name = NAME
    label = "Fault suite"
    languages = ("en",)
    lengths = USUAL
    reports_within_chunks = True

    def preload(self) -> None:
        """There is no model."""

    def recogniser(self, processes: int) -> AbstractContextManager[Children]:
        return children(processes, self.transcribe)

    def transcribe(self, pcm: Path, chunk: Chunk, wanted: Wanted, report: Callable[[float], None]) -> Heard:
        """One segment: the text of the chunk's samples. Takes PACE × its length."""
        start, end = (round(second * SAMPLE_RATE) * BYTES_PER_SAMPLE for second in (chunk.start_sec, chunk.end_sec))
        with pcm.open("rb") as sound:
            sound.seek(start)
            heard = sound.read(end - start)
        steps = max(1, round(PACE * chunk.audio_sec / STEP_SEC))
        for _ in range(steps):
            time.sleep(PACE * chunk.audio_sec / steps)
            report(chunk.audio_sec / steps)
        return Heard((Segment(start_sec=chunk.start_sec, end_sec=chunk.end_sec, text=text_of(heard)),))


def watch_children() -> None:
    """Have the recognising processes of this process' local engines note their work, and pass `engine.in_chunk`."""

    def watched(serve: Callable[..., None]) -> Callable[..., None]:
        def noting(pipe: Any, inherited: Any, parent: int, transcribe: Transcribe, detect: Any) -> None:
            serve(pipe, inherited, parent, _noting(transcribe), detect)

        return noting

    replace("jobs.engines.children:_serve", watched)


def _noting(transcribe: Transcribe) -> Transcribe:
    def noting(pcm: Path, chunk: Chunk, wanted: Wanted, report: Callable[[float], None]) -> Heard:
        begun = time.time()
        heard = transcribe(pcm, chunk, wanted, report)
        passing("engine.in_chunk")
        _note(pcm.stem, chunk, begun)
        return heard

    return noting


def _note(attempt: str, chunk: Chunk, begun: float) -> None:
    """Append one line at once; `attempt` is `{session id}.{claim number}`, the name of the decoded file."""
    session_id, _, claim_no = attempt.partition(".")
    line = {"session_id": session_id, "claim_no": int(claim_no), "start_sec": chunk.start_sec}
    line |= {"begun": begun, "ended": time.time()}
    file = os.open(settings().var_dir / WORK_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, json.dumps(line).encode() + b"\n")
    finally:
        os.close(file)


def register_here() -> None:
    """Make the engine known to this process."""
    register(NAME, EngineEntry(f"{__name__}:SuiteEngine", SuiteEngine.label, SuiteEngine.languages))
