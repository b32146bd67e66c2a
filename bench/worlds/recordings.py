"""Recordings to measure with, made of the sample: as long as is wanted, with the words that are spoken in them."""

import re
import tempfile
import wave
from itertools import islice
from pathlib import Path

from jobs.media.decode import decode
from jobs.media.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE

SAMPLE = Path(__file__).parents[2] / "sample" / "coaching-dialogue.flac"
WORDS = SAMPLE.with_suffix(".txt")


def sound(*files: Path) -> bytes:
    """What is heard in the files one after the other (in the sample without any), as `jobs.media.pcm` has it."""
    with tempfile.TemporaryDirectory() as folder:
        pcm = Path(folder) / "sound.pcm"
        heard = b""
        for file in files or [SAMPLE]:
            decode(file, pcm)
            heard += pcm.read_bytes()
    return heard


def repeated(path: Path, times: int) -> Path:
    """A WAV file with the sample so many times in it."""
    return write(path, sound() * times)


def clips(folder: Path, count: int, clip_sec: float = 1.0) -> list[Path]:
    """WAV files of this length from all over the sample, no two alike."""
    heard, size = sound(), int(clip_sec * SAMPLE_RATE) * BYTES_PER_SAMPLE
    step = (len(heard) - size) // count // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE
    starts = islice(range(0, len(heard), step), count)
    return [write(folder / f"clip-{i}.wav", heard[start : start + size]) for i, start in enumerate(starts)]


def write(path: Path, samples: bytes) -> Path:
    """The samples as a WAV file."""
    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(BYTES_PER_SAMPLE)
        target.setframerate(SAMPLE_RATE)
        target.writeframes(samples)
    return path


def audio_sec(path: Path) -> float:
    """The length of a WAV file that `write` wrote."""
    with wave.open(str(path)) as recording:
        return float(recording.getnframes() / SAMPLE_RATE)


def word_error_rate(heard: str, times: int = 1) -> float:
    """Insertions, deletions and substitutions over the number of words in so many repetitions of the sample."""
    reference, found = _words(said()) * times, _words(heard)
    row = list(range(len(found) + 1))
    for i, word in enumerate(reference, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1] / len(reference)


def said() -> str:
    """The words of the sample, without the names of who says them."""
    lines = WORDS.read_text().splitlines()
    return " ".join(re.sub(r"^(coach|client):", "", line.strip(), flags=re.IGNORECASE) for line in lines)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())
