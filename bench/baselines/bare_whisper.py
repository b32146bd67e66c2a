"""`python -m bench.baselines.bare_whisper RECORDING`: faster-whisper as it comes, with the same weights, on one core.

It gets the whole recording in one call, with words, and writes the seconds that it took and the text as JSON.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def recognise(recording: Path) -> tuple[float, str]:
    """The seconds that it took, without loading the model, and the text."""
    command = [sys.executable, "-m", "bench.baselines.bare_whisper", str(recording)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
    took_sec, text = json.loads(answer.stdout)
    return took_sec, text


def main(recording: str) -> None:
    from jobs.engines.whisper import weights

    weights.stay_offline()
    from faster_whisper import WhisperModel

    folder = str(weights.find().folder)
    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)
    begun = time.perf_counter()
    parts, _ = model.transcribe(recording, word_timestamps=True)
    text = " ".join(part.text.strip() for part in parts)
    print(json.dumps([time.perf_counter() - begun, text]))


if __name__ == "__main__":
    main(sys.argv[1])
