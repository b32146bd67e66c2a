"""Recordings that are all different, and the text that belongs to each: both follow from the samples alone."""

import hashlib
import io
import wave

import numpy as np

SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = 2
SHORTEST_SEC, LONGEST_SEC = 9.0, 17.0  # two to four chunks
TEXT_LETTERS = 32


def make(seed: int, number: int) -> bytes:
    """A WAV file (16 kHz, mono, 16 bit) of noise with pauses, the same for the same arguments."""
    chance = np.random.default_rng([seed, number])
    samples = int(chance.uniform(SHORTEST_SEC, LONGEST_SEC) * SAMPLE_RATE)
    sound = chance.integers(-3000, 3000, samples, dtype=np.int16)
    position = 0
    while (position := position + int(chance.uniform(1.5, 4.0) * SAMPLE_RATE)) < samples:
        sound[position : position + int(0.5 * SAMPLE_RATE)] //= 100
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(BYTES_PER_SAMPLE)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(sound.tobytes())
    return file.getvalue()


def samples_of(recording: bytes) -> bytes:
    """The sound of a WAV file that `make` made; wave.Error for anything else."""
    with wave.open(io.BytesIO(recording)) as source:
        return source.readframes(source.getnframes())


def text_of(sound: bytes) -> str:
    """The text of a stretch of sound: what the suite's engine hears, and what the checker expects."""
    return hashlib.sha256(sound).hexdigest()[:TEXT_LETTERS]


def expected_text(sound: bytes, start_sec: float, end_sec: float) -> str:
    """The text of the samples between two times (seconds) of the whole sound."""
    start, end = (round(second * SAMPLE_RATE) * BYTES_PER_SAMPLE for second in (start_sec, end_sec))
    return text_of(sound[start:end])
