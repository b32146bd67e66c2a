"""A tiny engine for tests: it "recognises" a chunk at once, says so in a file, and can be held in the middle.

It uses the product's own recognising processes (jobs/engines/children.py). Its folder, METRONOME_FOLDER, holds
`hold` (while it is there, chunks from HOLD_FROM_SEC on wait) and `begun` and `done` (a line for each chunk).
"""

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from jobs.engines.children import Children, children
from jobs.engines.protocol import Heard, Segment, Wanted
from jobs.media.silences import USUAL, Chunk

HOLD_FROM_SEC = 10.0
LOOK_EVERY_SEC = 0.05


class Metronome:
    """Implements `jobs.engines.protocol.InProcessEngine`."""

    name = "metronome"
    label = "Metronome"
    languages = ("en",)
    lengths = USUAL
    reports_within_chunks = True

    def preload(self) -> None:
        pass

    def recogniser(self, processes: int) -> AbstractContextManager[Children]:
        return children(processes, tick)


def tick(pcm: Path, chunk: Chunk, wanted: Wanted, report: Callable[[float], None]) -> Heard:
    folder = Path(os.environ["METRONOME_FOLDER"])
    note(folder / "begun", chunk)
    while chunk.start_sec >= HOLD_FROM_SEC and (folder / "hold").exists():
        report(0.0)
        time.sleep(LOOK_EVERY_SEC)
    report(chunk.audio_sec)
    note(folder / "done", chunk)
    return Heard((Segment(chunk.start_sec, chunk.end_sec, f"Tick {chunk.start_sec:g}"),))


def note(file: Path, chunk: Chunk) -> None:
    with file.open("a") as lines:
        lines.write(f"{chunk.start_sec}\n")
