"""The encoder computes what a slow, literal reading of the network computes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jobs.errors import EngineUnavailable
from jobs.speakers.checkpoint import read_state
from jobs.speakers.encoder import Encoder

RATE = 16_000


def buzz(hertz: float, sec: float, seed: int = 0) -> np.ndarray:
    """Harmonics of a voice's pitch that swell as syllables do, with some breath."""
    at = np.arange(int(sec * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * hertz * number * at) / number for number in range(1, 20))
    breath = np.random.default_rng(seed).normal(size=len(at))
    return ((tone * 0.08 + breath * 0.01) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * at))).astype(np.float32)


def slow_mel(sound: np.ndarray) -> np.ndarray:
    """Frames x 40 bands, by the definition: a Fourier transform written out, and a loop over triangles."""
    padded = np.concatenate([np.zeros(200), sound, np.zeros(200)])
    at = np.arange(400)
    hann = 0.5 * (1 - np.cos(2 * np.pi * at / 400))
    fourier = np.exp(-2j * np.pi * np.outer(np.arange(201), at) / 400)
    step, mels = np.log(6.4) / 27, np.linspace(0, 15 + np.log(8) / (np.log(6.4) / 27), 42)
    edges = [mel * 200 / 3 if mel < 15 else 1000 * np.exp(step * (mel - 15)) for mel in mels]
    frames = np.array([padded[frame * 160 :][:400] * hann for frame in range(len(sound) // 160 + 1)])
    power = np.abs(frames @ fourier.T) ** 2
    bands = np.zeros((len(power), 40))
    for band, (low, middle, high) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        for at_bin in range(201):
            hertz = at_bin * 40
            if low < hertz < high:
                slope = (hertz - low) / (middle - low) if hertz <= middle else (high - hertz) / (high - middle)
                bands[:, band] += slope * 2 / (high - low) * power[:, at_bin]
    return bands


def slow_vector(mel: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """Three LSTM layers, gate by gate as PyTorch's documentation has them, in double precision."""

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    steps = mel
    for layer in range(3):
        w_ih, w_hh, b_ih, b_hh = (
            weights[f"lstm.{kind}_l{layer}"].astype(np.float64)
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        h, c, found = np.zeros(256), np.zeros(256), []
        for x in steps:
            i, f, g, o = np.split(w_ih @ x + b_ih + w_hh @ h + b_hh, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            found.append(h)
        steps = np.array(found)
    raised = np.maximum(weights["linear.weight"] @ steps[-1] + weights["linear.bias"], 0)
    return raised / np.linalg.norm(raised)


@pytest.mark.parametrize("hertz", [110.0, 220.0])
def test_a_window_has_the_vector_of_the_network(hertz: float, encoder: Encoder, weights: Path) -> None:
    sound = buzz(hertz, 4.0)
    state = read_state(weights.read_bytes(), "model_state")
    mel = slow_mel(sound)
    mel = np.maximum(mel - 1.5 * np.percentile(mel, 10, axis=0), 0)[100:240]  # the window around 1.7 s
    mel *= 10**-2.5 / np.mean(sound[RATE : RATE + 22_400].astype(float) ** 2)  # brought to -25 dB
    (vector,) = encoder.voices(sound, [1.7])
    assert vector == pytest.approx(slow_vector(mel, state), abs=2e-4)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_windows_do_not_depend_on_their_company(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.speakers.encoder.BATCH", 4)
    sound = buzz(150, 8.0)
    at_sec = np.arange(0.8, 7, 0.7)
    together = encoder.voices(sound, at_sec)
    assert together.dtype == np.float32
    monkeypatch.setattr("jobs.speakers.encoder.BATCH", 64)
    assert encoder.voices(sound, at_sec) == pytest.approx(together, abs=1e-4)


def test_windows_beyond_an_end_are_moved_inside(encoder: Encoder) -> None:
    sound = buzz(150, 3.0)
    first, inside = encoder.voices(sound, [-1.0, 0.7])
    assert (first == inside).all()
    last, inside = encoder.voices(sound, [5.0, 2.3])
    assert last == pytest.approx(inside, abs=1e-3)


def test_short_silent_and_empty_sound_have_finite_vectors(encoder: Encoder) -> None:
    assert encoder.voices(buzz(150, 3.0), []).shape == (0, 256)
    for sound in (buzz(150, 0.3), np.zeros(40_000, dtype=np.float32), np.zeros(0, dtype=np.float32)):
        assert np.isfinite(encoder.voices(sound, [0.1])).all()


def test_loudness_changes_nothing(encoder: Encoder) -> None:
    sound = buzz(150, 2.0)
    loud, quiet = encoder.voices(sound, [1.0]), encoder.voices(sound * 0.02, [1.0])
    assert float((loud @ quiet.T)[0, 0]) > 0.999


def test_other_weights_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"set up properly"):
        Encoder(tmp_path / "missing.pt")
    changed = tmp_path / "changed.pt"
    changed.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    with pytest.raises(EngineUnavailable) as caught:
        Encoder(changed)
    assert "sha256" in caught.value.detail


def test_neither_torch_nor_the_package_itself_is_imported(weights: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from jobs.speakers.encoder import Encoder;"
        f"Encoder(Path({str(weights)!r})); print(sorted({{'torch', 'resemblyzer', 'librosa'}} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
