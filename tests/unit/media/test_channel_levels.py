"""The levels of two channels are written beside the PCM and run by its clock."""

from pathlib import Path

import numpy as np
import pytest

from jobs.errors import TranscriptDeskError
from jobs.media.channel_levels import read_levels
from jobs.media.decode import decode
from jobs.media.pcm import BYTES_PER_SEC
from jobs.media.speaker_channels import FRAME_SEC
from tests import hostile_media as media


def alternating(rate: int, sec: float) -> np.ndarray:
    """A tone that is in the left channel in even seconds and, half as loud, in the right one in odd seconds."""
    at = np.arange(int(sec * rate)) / rate
    tone = 8000 * np.sin(2 * np.pi * 440 * at)
    left = at.astype(int) % 2 == 0
    return np.stack([tone * left, tone * ~left / 2]).astype("<i2")


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_levels_lie_where_the_sound_is(rate: int, tmp_path: Path) -> None:
    target, beside = tmp_path / "sound.pcm", tmp_path / "sound.levels"
    audio_sec = decode(media.wav(tmp_path / "talk.wav", alternating(rate, 6.0), rate), target, levels=beside)
    levels = read_levels(beside)
    assert target.stat().st_size == pytest.approx(6 * BYTES_PER_SEC, abs=200)
    assert levels.shape[1] == pytest.approx(audio_sec / FRAME_SEC, abs=1.01)
    tone_db = 20 * np.log10(8000 / 32768) - 3.01
    for second in range(6):
        inside = levels[:, round((second + 0.05) / FRAME_SEC) : round((second + 0.95) / FRAME_SEC)]
        louder, silent = inside[second % 2], inside[1 - second % 2]
        assert louder == pytest.approx(tone_db - 6.02 * (second % 2), abs=1.0)
        assert (silent < -120).all()


def test_the_pcm_is_the_same_with_and_without_levels(tmp_path: Path) -> None:
    recording = media.wav(tmp_path / "talk.wav", alternating(44_100, 2.0), 44_100)
    decode(recording, tmp_path / "without.pcm")
    decode(recording, tmp_path / "with.pcm", levels=tmp_path / "sound.levels")
    assert (tmp_path / "with.pcm").read_bytes() == (tmp_path / "without.pcm").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sound.levels", "talk.wav", "with.pcm", "without.pcm"]


@pytest.mark.parametrize("form", media.FORMATS, ids=lambda form: form.file_name)
def test_every_accepted_format_has_levels(form: media.Format, tmp_path: Path) -> None:
    beside = tmp_path / "sound.levels"
    audio_sec = decode(media.good_file(tmp_path, form, duration_sec=2.0), tmp_path / "sound.pcm", levels=beside)
    levels = read_levels(beside)
    assert levels.shape == (2, pytest.approx(audio_sec / FRAME_SEC, abs=3))
    assert (levels[:, 20:60].max(axis=0) > -40).all()


def test_a_bad_file_leaves_no_levels(tmp_path: Path) -> None:
    (tmp_path / "talk.wav").write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(TranscriptDeskError):
        decode(tmp_path / "talk.wav", tmp_path / "sound.pcm", levels=tmp_path / "sound.levels")
    assert [path.name for path in tmp_path.iterdir()] == ["talk.wav"]
