"""What a telephone makes of speech: a narrow band, noise on the line, and eight bits a sample (µ-law)."""

import numpy as np
import numpy.typing as npt

from jobs.media.pcm import SAMPLE_RATE

LOW_HZ, HIGH_HZ = 300.0, 3300.0
MU = 255.0
PEAK = 0.45
SPEECH = 0.01  # what is louder counts as speech


def telephone(samples: npt.NDArray[np.float32], snr_db: float, seed: int) -> npt.NDArray[np.float32]:
    """The samples as they come out of a telephone with so much noise on its line, at the same rate."""
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    band = 1 / (1 + (LOW_HZ / np.maximum(hertz, 1)) ** 8) / (1 + (hertz / HIGH_HZ) ** 16)
    narrow = np.fft.irfft(np.fft.rfft(samples) * band, len(samples))
    spoken = narrow[np.abs(narrow) > SPEECH]
    loudness = np.sqrt(np.square(spoken).mean()) if len(spoken) else 0.0
    line = np.random.default_rng(seed).standard_normal(len(samples))
    falling = np.maximum(np.sqrt(np.maximum(hertz, 50) / 500), 0.3)
    noise = np.fft.irfft(np.fft.rfft(line) * band / falling, len(samples))
    mixed = narrow + noise / noise.std() * loudness * 10 ** (-snr_db / 20)
    return companded(mixed / max(float(np.abs(mixed).max()), 1e-9) * PEAK).astype(np.float32)


def companded(wave: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Coded with µ-law and decoded again."""
    code = np.round(np.sign(wave) * np.log1p(MU * np.abs(wave)) / np.log1p(MU) * 127) / 127
    decoded: npt.NDArray[np.float64] = np.sign(code) * np.expm1(np.abs(code) * np.log1p(MU)) / MU
    return decoded
