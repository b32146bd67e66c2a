"""What a real engine hears of the suite's recordings when nothing disturbs it: `python -m tests.faults.undisturbed
ENGINE`, with a VAR_DIR of its own, prints it as JSON."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults import recordings

LONGEST_SEC = 300


def words(engine: str) -> dict[str, str]:
    """The words of each stretch of speech, by the `text_of` its samples. CalledProcessError, TimeoutExpired."""
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.faults.undisturbed", engine],
            env=os.environ | {"VAR_DIR": folder},
            stdout=subprocess.PIPE,
            timeout=LONGEST_SEC,
            check=True,
        )
    heard: dict[str, str] = json.loads(ran.stdout)
    return heard


def main(engine: str) -> int:
    from jobs.engines import registry
    from jobs.engines.protocol import ChunkDone
    from jobs.media.silences import cut

    pcm = Path(os.environ["VAR_DIR"]) / "undisturbed.1.pcm"
    processes = len(os.sched_getaffinity(0))
    heard = {}
    with registry.in_process(engine).recogniser(processes) as recogniser:
        for number in range(len(recordings.SPOKEN_SEC)):
            sound = recordings.samples_of(recordings.spoken(0, number))
            pcm.write_bytes(sound)
            done = [event for event in recogniser.recognise(pcm, cut(pcm)) if isinstance(event, ChunkDone)]
            done.sort(key=lambda event: event.chunk.start_sec)
            heard[recordings.text_of(sound)] = " ".join(part.text for event in done for part in event.segments)
    print(json.dumps(heard))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
