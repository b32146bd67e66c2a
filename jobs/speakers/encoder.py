"""Speaker encoder: a vector for the voice in 1.4 s of sound, by resemblyzer's network (GE2E), in NumPy.

The mel spectrogram is librosa's (Slaney scale and norm, Hann window, power, no logarithm), the network three LSTM
layers and a linear one. Vectors are biometric data: keep them in memory, only while a session is transcribed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from jobs.errors import EngineUnavailable
from jobs.media.pcm import SAMPLE_RATE
from jobs.speakers.checkpoint import NotACheckpoint, read_state
from jobs.speakers.one_thread import one_thread

SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
WINDOW_SEC = 1.4  # the encoder was trained on 1.4 to 1.8 s
FFT_SAMPLES = 400
FRAME_SAMPLES = 160
WINDOW_FRAMES = 140
MEL_BANDS = 40
LAYERS = 3
UNITS = 256
BATCH = 32  # windows at a time: about 25 MB
SPEECH_DB = -25.0  # mean power, below full scale, that what is listened to is brought to
MAX_GAIN_DB = 40.0
FLOOR_PERCENTILE = 10  # of a band's power: noise that is always there
FLOOR_FACTOR = 1.5  # such noise varies; so much of it is taken away

Floats = npt.NDArray[np.float32]


class Encoder:
    """The network with its weights; loaded in 0.1 s, 6 MB. NumPy's matrix products have one thread from then on."""

    def __init__(self, path: Path) -> None:
        """Read the weights of `path`. Raises `EngineUnavailable` when they are missing or not the known ones."""
        one_thread()
        weights = _weights(path)
        # a sigmoid is 0.5 * tanh(x / 2) + 0.5: with halved weights one tanh serves all four gates
        scale = np.full(4 * UNITS, 0.5, dtype=np.float32)
        scale[2 * UNITS : 3 * UNITS] = 1.0
        self._layers = [
            _Layer(
                into=np.ascontiguousarray((weights[f"lstm.weight_ih_l{layer}"] * scale[:, None]).T),
                back=np.ascontiguousarray((weights[f"lstm.weight_hh_l{layer}"] * scale[:, None]).T),
                bias=(weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"]) * scale,
            )
            for layer in range(LAYERS)
        ]
        self._linear = np.ascontiguousarray(weights["linear.weight"].T)
        self._linear_bias = weights["linear.bias"]
        self._mel = _mel_filters()

    def voices(self, samples: Floats, at_sec: Sequence[float]) -> Floats:
        """One row of length 1 for the window around each of these times (seconds from the first sample).

        A window that would pass an end of the sound is moved inside; shorter sound is padded with silence. Loudness
        and steady noise are evened out over all of `samples`: give a chunk at a time.
        """
        if not len(at_sec):
            return np.empty((0, UNITS), dtype=np.float32)
        samples = np.pad(samples, (0, max(0, round(WINDOW_SEC * SAMPLE_RATE) - len(samples))))
        mel = self._spectrogram(samples)
        last = len(samples) // FRAME_SAMPLES - WINDOW_FRAMES
        starts = [min(max(0, round(at * SAMPLE_RATE / FRAME_SAMPLES) - WINDOW_FRAMES // 2), last) for at in at_sec]
        # both matter on the telephone: the network sees powers, no logarithms, and was trained on clean speech
        mel = np.maximum(mel - FLOOR_FACTOR * np.percentile(mel, FLOOR_PERCENTILE, axis=0), 0)
        mel = (mel * _gain(samples, starts)).astype(np.float32)
        rows = []
        for first in range(0, len(starts), BATCH):
            windows = [mel[start : start + WINDOW_FRAMES] for start in starts[first : first + BATCH]]
            rows.append(self._encode(np.stack(windows, axis=1)))
        return np.concatenate(rows)

    def _spectrogram(self, samples: Floats) -> Floats:
        """Mel power of each frame of 10 ms: one row a frame, centred on it."""
        padded = np.pad(samples, FFT_SAMPLES // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_SAMPLES)[::FRAME_SAMPLES]
        hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT_SAMPLES) / FFT_SAMPLES)).astype(np.float32)
        spectrum = np.fft.rfft(frames * hann, axis=1)
        mel: Floats = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ self._mel.T
        return mel

    def _encode(self, windows: Floats) -> Floats:
        """The vectors of windows, given as frames x windows x bands."""
        frames, count, _ = windows.shape
        outputs = windows
        for layer in self._layers:
            gates = (outputs.reshape(frames * count, -1) @ layer.into).reshape(frames, count, 4 * UNITS)
            gates += layer.bias
            outputs = np.empty((frames, count, UNITS), dtype=np.float32)
            hidden = np.zeros((count, UNITS), dtype=np.float32)
            cell = np.zeros((count, UNITS), dtype=np.float32)
            for frame in range(frames):
                gate = gates[frame]
                if frame:
                    gate += hidden @ layer.back
                np.tanh(gate, out=gate)
                update, forget, _, out = opened = gate.reshape(count, 4, UNITS).transpose(1, 0, 2)
                new = opened[2]
                for one in (update, forget, out):
                    one *= 0.5
                    one += 0.5
                cell *= forget
                cell += update * new
                hidden = np.multiply(out, np.tanh(cell), out=outputs[frame])
        raised = np.maximum(hidden @ self._linear + self._linear_bias, 0)
        norm = np.sqrt((raised**2).sum(axis=1, keepdims=True))
        vectors: Floats = raised / np.maximum(norm, 1e-9)
        return vectors


@dataclass(frozen=True)
class _Layer:
    into: Floats
    back: Floats
    bias: Floats


def _weights(path: Path) -> dict[str, Floats]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EngineUnavailable(detail=f"speaker encoder: {error}") from error
    if (found := hashlib.sha256(content).hexdigest()) != SHA256:
        raise EngineUnavailable(detail=f"speaker encoder: {path.name} has sha256 {found}, not {SHA256}")
    try:
        return read_state(content, "model_state")
    except NotACheckpoint as error:
        raise EngineUnavailable(detail=f"speaker encoder: {error}") from error


def _mel_filters() -> Floats:
    """Triangles on Slaney's mel scale from 0 to 8,000 Hz, each with the area of a constant band: one row a band."""
    edges = _hertz(np.linspace(0, _mels(SAMPLE_RATE / 2), MEL_BANDS + 2))
    bins = np.fft.rfftfreq(FFT_SAMPLES, 1 / SAMPLE_RATE)
    widths = np.diff(edges)
    rising = (bins - edges[:-2, None]) / widths[:-1, None]
    falling = (edges[2:, None] - bins) / widths[1:, None]
    filters: Floats = (np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])[:, None]).astype(
        np.float32
    )
    return filters


def _mels(hertz: float) -> float:
    """Slaney: 200/3 Hz a mel up to 1,000 Hz (15 mels), then 27 mels for each factor of 6.4."""
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * float(np.log(hertz / 1000) / np.log(6.4))


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    linear: npt.NDArray[np.float64] = mels * 200 / 3
    return np.where(mels < 15, linear, 1000 * 6.4 ** ((mels - 15) / 27))


def _gain(samples: Floats, starts: Sequence[int]) -> float:
    """What power is multiplied by, so that all windows together are as loud as `SPEECH_DB`."""
    windows = [samples[start * FRAME_SAMPLES :][: WINDOW_FRAMES * FRAME_SAMPLES] for start in starts]
    power_db = 10 * float(np.log10(np.mean([np.mean(window**2) for window in windows]) + 1e-12))
    return float(10 ** (min(MAX_GAIN_DB, SPEECH_DB - power_db) / 10))
