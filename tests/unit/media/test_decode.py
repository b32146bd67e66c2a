"""Whatever came in becomes 16 kHz mono PCM, and a file that would become too much of it is stopped."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from jobs.errors import StorageUnavailable, TranscriptDeskError
from jobs.media.decode import decode
from jobs.media.pcm import BYTES_PER_SEC
from tests import hostile_media as media
from tests import media_bombs as bombs

Samples = Callable[[Path], npt.NDArray[np.int16]]


@pytest.mark.parametrize("form", media.FORMATS, ids=lambda form: form.file_name)
def test_every_accepted_format_is_decoded(form: media.Format, tmp_path: Path, samples_of: Samples) -> None:
    target = tmp_path / "sound.pcm"
    audio_sec = decode(media.good_file(tmp_path, form, duration_sec=2.0), target)
    assert audio_sec == pytest.approx(2.0, abs=0.1)
    assert target.stat().st_size == round(audio_sec * BYTES_PER_SEC)
    loudness = np.abs(samples_of(target).astype(int)).mean()
    assert loudness == pytest.approx(6000 * 2 / np.pi, rel=0.2)  # the tone itself, mixed down without clipping


@pytest.mark.parametrize("case", media.BAD_FILES)
def test_each_bad_file_gets_its_sentence_and_leaves_nothing(case: str, tmp_path: Path) -> None:
    target = tmp_path / "sound.pcm"
    with pytest.raises(TranscriptDeskError):
        decode(media.BAD_FILES[case](tmp_path), target)
    assert not target.exists()


def test_a_truncated_mp3_works_with_what_it_has(tmp_path: Path) -> None:
    assert decode(media.truncated_mp3(tmp_path, 4.0), tmp_path / "sound.pcm") == pytest.approx(2.0, abs=0.2)


def test_a_scratch_in_the_middle_costs_only_itself(tmp_path: Path) -> None:
    assert decode(media.damaged_mp3(tmp_path, 4.0), tmp_path / "sound.pcm") == pytest.approx(4.0, abs=0.3)


def test_what_the_progress_callback_raises_stops_the_decoding(tmp_path: Path) -> None:
    def cancelled(audio_sec: float) -> None:
        raise KeyError(audio_sec)

    long = bombs.flac_of_silence(tmp_path / "long.flac", 4 * 3600)
    target = tmp_path / "sound.pcm"
    with pytest.raises(KeyError):
        decode(long, target, on_progress=cancelled)
    assert not target.exists()


def test_a_target_that_cannot_be_written_is_the_storages_fault_and_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "folder.pcm"
    folder.mkdir()
    with pytest.raises(StorageUnavailable):
        decode(media.wav(tmp_path / "talk.wav", media.tone(1.0)), folder)
    assert folder.is_dir()
