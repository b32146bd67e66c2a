"""`python -m bench.baselines.bare_engine RECORDING PROCESSES`: the product's engine with nothing around it, timed.

It decodes, cuts and recognises as an attempt does, with the same processes at the same priority, but without upload,
queue, claim, heartbeat, checkpoints and transcript. The model is loaded before the clock runs, as in a worker.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from jobs.engines import registry
from jobs.engines.protocol import ChunkDone
from jobs.media import sandbox
from jobs.media.decode import decode
from jobs.media.silences import cut


@dataclass(frozen=True)
class Heard:
    """What the engine made of a recording, and the seconds that it took."""

    took_sec: float
    text: str


def recognise(recording: Path, processes: int) -> Heard:
    """Run it, in a process of its own."""
    return recognise_each([recording], processes)[0]


def recognise_each(recordings: Sequence[Path], processes: int, *, at_once: bool = False) -> list[Heard]:
    """Run it on each, one after the other in one process; or all at the same time, each in a process of its own."""
    if at_once:
        runs = [_started([recording], processes) for recording in recordings]
        return [found for run in runs for found in _ended(run)]
    return _ended(_started(recordings, processes))


def _started(recordings: Sequence[Path], processes: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.baselines.bare_engine", str(processes), *map(str, recordings)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def _ended(run: subprocess.Popen[bytes]) -> list[Heard]:
    answer, _ = run.communicate()
    if run.returncode:
        raise RuntimeError(f"The bare engine ended with exit code {run.returncode}.")
    return [Heard(**found) for found in json.loads(answer)]


def _timed(recording: Path, processes: int, pcm: Path) -> Heard:
    begun = time.perf_counter()
    with registry.in_process("pocketsphinx").recogniser(processes) as recogniser:
        decode(recording, pcm)
        events = recogniser.recognise(pcm, cut(pcm))
        done = [event for event in events if isinstance(event, ChunkDone)]
    took_sec = time.perf_counter() - begun
    done.sort(key=lambda event: event.chunk.start_sec)
    return Heard(took_sec, " ".join(segment.text for event in done for segment in event.segments))


def main(processes: int, recordings: Sequence[Path]) -> None:
    sandbox.preload()
    registry.in_process("pocketsphinx").preload()
    with tempfile.TemporaryDirectory() as folder:
        pcm = Path(folder) / "recording.pcm"
        decode(recordings[0], pcm)  # the fork server's imports are not timed
        found = [asdict(_timed(recording, processes, pcm)) for recording in recordings]
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
