"""Sounds without speech that fool speech recognition, made from a seed."""

import numpy as np
import numpy.typing as npt

from jobs.media.pcm import SAMPLE_RATE

Samples = npt.NDArray[np.float32]


def noise(seconds: float, level: float = 0.1, seed: int = 0) -> Samples:
    return (level * np.random.default_rng(seed).standard_normal(int(seconds * SAMPLE_RATE))).astype(np.float32)


def vowel(seconds: float, formants: tuple[float, ...] = (270.0, 2290.0, 3010.0), pitch: float = 120.0) -> Samples:
    """A voice-like buzz that never changes its colour, on for 1.2 s and off for 0.8 s."""
    at = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = pitch * np.arange(1, int(SAMPLE_RATE / 2 / pitch))
    loudness = sum(1 / (1 + ((tones - formant) / 100) ** 2) for formant in formants)
    buzz = sum(strength * np.sin(2 * np.pi * tone * at) for tone, strength in zip(tones, loudness, strict=True))
    gated = np.asarray(buzz) * ((at % 2) < 1.2)
    return (0.4 * gated / np.abs(gated).max()).astype(np.float32)


def as_pcm(samples: Samples) -> bytes:
    """As `jobs.media.pcm` has it."""
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
