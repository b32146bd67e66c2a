"""The suite's engine: in child processes like the real one, but its text is a function of the samples.

So the checker can tell whether a transcript belongs to exactly this recording, whole and in order. What it works on is
written to `work.jsonl`, which shows whether anything was recognised twice that need not be.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from jobs.engines.children import Children, children
from jobs.engines.protocol import Heard, Segment, Wanted
from jobs.engines.registry import EngineEntry, register
from jobs.media.silences import USUAL, Chunk
from store.settings import settings
from tests.faults.recordings import BYTES_PER_SAMPLE, SAMPLE_RATE, text_of

NAME = "suite"
PACE = 0.15  # seconds of work a second of audio
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
        begun = time.time()
        start, end = (round(second * SAMPLE_RATE) * BYTES_PER_SAMPLE for second in (chunk.start_sec, chunk.end_sec))
        with pcm.open("rb") as sound:
            sound.seek(start)
            heard = sound.read(end - start)
        steps = max(1, round(PACE * chunk.audio_sec / STEP_SEC))
        for _ in range(steps):
            time.sleep(PACE * chunk.audio_sec / steps)
            report(chunk.audio_sec / steps)
        _note(pcm.stem, chunk, begun)
        return Heard((Segment(start_sec=chunk.start_sec, end_sec=chunk.end_sec, text=text_of(heard)),))


def _note(attempt: str, chunk: Chunk, begun: float) -> None:
    """Append one line at once; `attempt` is `{session id}.{claim number}`, the name of the decoded file."""
    session_id, _, claim_no = attempt.partition(".")
    line = {"session_id": session_id, "claim_no": int(claim_no), "start_sec": chunk.start_sec, "begun": begun}
    file = os.open(settings().var_dir / WORK_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, json.dumps(line).encode() + b"\n")
    finally:
        os.close(file)


def register_here() -> None:
    """Make the engine known to this process."""
    register(NAME, EngineEntry(f"{__name__}:SuiteEngine", SuiteEngine.label, SuiteEngine.languages))
