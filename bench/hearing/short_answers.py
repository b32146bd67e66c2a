"""Short answers, said by voices of flite where it is there; else two that are cut out of the sample."""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from bench.hearing.readings import Utterance, sample, to_samples, trimmed
from bench.worlds import recordings
from jobs.media.pcm import SAMPLE_RATE

VOICES = ("slt", "awb", "rms", "kal16")
TEXTS = ("yes", "no", "hello")
IN_THE_SAMPLE = (("good morning", 0.90, 1.62), ("very good", 45.95, 46.65))  # seconds


@cache
def short_answers() -> tuple[Utterance, ...]:
    """All of them, each under a second long."""
    if shutil.which("flite") is None:
        whole = sample().samples
        return tuple(
            Utterance(text, "sample", trimmed(whole[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]), text)
            for text, start, end in IN_THE_SAMPLE
        )
    with tempfile.TemporaryDirectory() as folder:
        return tuple(_said(voice, text, Path(folder) / "answer.wav") for voice in VOICES for text in TEXTS)


def source() -> str:
    """Where they come from, in words."""
    return f"{len(VOICES)} voices of flite" if shutil.which("flite") else "cut out of the sample"


def _said(voice: str, text: str, path: Path) -> Utterance:
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True, capture_output=True)
    return Utterance(f"{text} ({voice})", voice, trimmed(to_samples(recordings.sound(path))), text)
