"""Recordings that are all different, and the text that belongs to each: both follow from the samples alone."""

import hashlib
import io
import struct
import wave
from functools import cache
from pathlib import Path

import av
import numpy as np

SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = 2
SHORTEST_SEC, LONGEST_SEC = 9.0, 17.0  # two to four chunks
REMOTE_SEC = (32.0, 42.0)  # a half is missing only when that is more than the desk forgives
CONVERTED_EVERY = 5
WIDE_BYTES = 3
TEXT_LETTERS = 32
SAMPLE = Path(__file__).parents[2] / "sample" / "coaching-dialogue.flac"
SPOKEN_SEC = ((0.0, 8.5), (8.5, 20.0), (20.0, 29.5))  # stretches of it: two chunks each


def make(seed: int, number: int, *, remote: bool = False) -> bytes:
    """A WAV file (16 kHz, mono, 16 bit) of noise with pauses, the same for the same arguments.

    With `remote` longer ones, of which a fifth has 24 bits, the lowest of them empty: Google does not take these.
    """
    chance = np.random.default_rng([seed, number])
    if remote:
        samples = round(chance.uniform(*REMOTE_SEC) * 10) * SAMPLE_RATE // 10  # its times come back in milliseconds
    else:
        samples = int(chance.uniform(SHORTEST_SEC, LONGEST_SEC) * SAMPLE_RATE)
    sound = chance.integers(-3000, 3000, samples, dtype=np.int16)
    position = 0
    while (position := position + int(chance.uniform(1.5, 4.0) * SAMPLE_RATE)) < samples:
        sound[position : position + int(0.5 * SAMPLE_RATE)] //= 100
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        wide = remote and number % CONVERTED_EVERY == 0
        out.setsampwidth(WIDE_BYTES if wide else BYTES_PER_SAMPLE)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(_widened(sound) if wide else sound.tobytes())
    return file.getvalue()


def spoken(seed: int, number: int) -> bytes:
    """One of a few stretches of speech as WAV, for a real engine: each file is another one, by a chunk that says so."""
    start, end = (round(second * SAMPLE_RATE) for second in SPOKEN_SEC[number % len(SPOKEN_SEC)])
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(BYTES_PER_SAMPLE)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(_speech()[start:end].tobytes())
    content = file.getvalue() + struct.pack("<4sIqq", b"note", 16, seed, number)
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


@cache
def _speech() -> np.ndarray:
    with av.open(str(SAMPLE)) as source:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        frames = [part for frame in source.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int16)


def samples_of(recording: bytes) -> bytes:
    """The sound of a WAV file that `make` made; wave.Error for anything else."""
    with wave.open(io.BytesIO(recording)) as source:
        sound = source.readframes(source.getnframes())
        if source.getsampwidth() == WIDE_BYTES:
            return np.frombuffer(sound, np.uint8).reshape(-1, WIDE_BYTES)[:, 1:].tobytes()
        return sound


def _widened(sound: np.ndarray) -> bytes:
    wide = np.zeros((sound.size, WIDE_BYTES), np.uint8)
    wide[:, 1:] = sound.view(np.uint8).reshape(-1, BYTES_PER_SAMPLE)
    return wide.tobytes()


def text_of(sound: bytes) -> str:
    """The text of a stretch of sound: what the suite's engine hears, and what the checker expects."""
    return hashlib.sha256(sound).hexdigest()[:TEXT_LETTERS]


def expected_text(sound: bytes, start_sec: float, end_sec: float) -> str:
    """The text of the samples between two times (seconds) of the whole sound."""
    start, end = (round(second * SAMPLE_RATE) * BYTES_PER_SAMPLE for second in (start_sec, end_sec))
    return text_of(sound[start:end])
