"""What a provider does not read becomes FLAC, the stretch that was asked for and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from jobs.errors import DecodingFailed, RecordingTooLong, StorageUnavailable, TranscriptDeskError
from jobs.media.convert import to_flac
from jobs.media.decode import decode
from store.settings import Settings
from tests import hostile_media as media


def sound_of(path: Path) -> np.ndarray:
    """The samples of a FLAC file, one row a channel."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        channels = container.streams.audio[0].channels
    return np.concatenate(frames, axis=1).reshape(-1, channels).T


def kind_of(path: Path) -> tuple[str, str, int, int]:
    """Format, sample format, channels and rate."""
    with av.open(str(path)) as container:
        codec = container.streams.audio[0].codec_context
        return container.format.name, codec.format.name, codec.channels, codec.sample_rate


def ramp(seconds: float, rate: int = 16_000) -> np.ndarray:
    """Two channels of which every sample says where it is, the second one the other way round."""
    samples = (np.arange(int(seconds * rate)) % 30_000).astype("<i2")
    return np.stack([samples, -samples])


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def replace(**limits: Any) -> None:
        monkeypatch.setattr("jobs.media.convert.settings", lambda: Settings(**limits))

    return replace


@pytest.mark.parametrize("form", media.FORMATS, ids=lambda form: form.file_name)
def test_every_accepted_format_becomes_flac(form: media.Format, tmp_path: Path) -> None:
    recording = media.good_file(tmp_path, form)
    target = tmp_path / "out.flac"
    audio_sec = to_flac(recording, target, mono=False)
    assert audio_sec == pytest.approx(2.0, abs=0.1)
    assert kind_of(target) == ("flac", "s16", 2, form.rate)
    assert sound_of(target).shape == (2, round(audio_sec * form.rate))


def test_every_sample_is_kept_in_both_channels(tmp_path: Path) -> None:
    sound = ramp(3.0)
    to_flac(media.wav(tmp_path / "talk.wav", sound), tmp_path / "out.flac", mono=False)
    assert np.array_equal(sound_of(tmp_path / "out.flac"), sound)


@pytest.mark.parametrize(
    ("start_sec", "end_sec", "first", "last"),
    [(0.0, None, 0, 48_000), (1.01, 2.37, 16_160, 37_920), (2.9, 60.0, 46_400, 48_000), (0.0, 0.001, 0, 16)],
)
def test_a_stretch_begins_and_ends_at_its_samples(
    tmp_path: Path, start_sec: float, end_sec: float | None, first: int, last: int
) -> None:
    sound = ramp(3.0)
    recording, target = media.wav(tmp_path / "talk.wav", sound), tmp_path / "out.flac"
    audio_sec = to_flac(recording, target, start_sec=start_sec, end_sec=end_sec, mono=False)
    assert np.array_equal(sound_of(target), sound[:, first:last])
    assert audio_sec == (last - first) / 16_000


def test_stretches_add_up_to_the_whole_in_a_compressed_format_too(tmp_path: Path) -> None:
    form = next(form for form in media.FORMATS if form.file_name == "talk.ogg")
    recording = media.good_file(tmp_path, form, duration_sec=4.0)
    whole_sec = to_flac(recording, tmp_path / "whole.flac", mono=True)
    assert whole_sec == pytest.approx(decode(recording, tmp_path / "whole.pcm"), abs=0.001)
    parts = []
    for start_sec, end_sec in ((0.0, 1.3), (1.3, 2.71), (2.71, None)):
        to_flac(recording, tmp_path / "part.flac", start_sec=start_sec, end_sec=end_sec, mono=True)
        parts.append(sound_of(tmp_path / "part.flac"))
    assert np.array_equal(np.concatenate(parts, axis=1), sound_of(tmp_path / "whole.flac"))


def test_channels_are_mixed_when_one_is_wanted(tmp_path: Path) -> None:
    sound = np.stack([np.full(16_000, 8000, "<i2"), np.full(16_000, 4000, "<i2")])
    to_flac(media.wav(tmp_path / "talk.wav", sound), tmp_path / "out.flac", mono=True)
    assert sound_of(tmp_path / "out.flac").shape == (1, 16_000)
    assert np.abs(sound_of(tmp_path / "out.flac") - 6000).max() <= 2


@pytest.mark.parametrize(("rate", "kept"), [(96_000, 48_000), (48_000, 48_000), (11_025, 11_025), (4_000, 8_000)])
def test_the_rate_is_the_sources_within_what_providers_take(tmp_path: Path, rate: int, kept: int) -> None:
    recording = media.wav(tmp_path / "talk.wav", media.tone(1.0, rate), rate)
    assert to_flac(recording, tmp_path / "out.flac", mono=False) == pytest.approx(1.0, abs=0.001)
    assert kind_of(tmp_path / "out.flac") == ("flac", "s16", 1, kept)


@pytest.mark.parametrize("start_sec", [3.0, 100.0])
def test_a_stretch_behind_the_end_is_an_error_and_leaves_no_file(tmp_path: Path, start_sec: float) -> None:
    with pytest.raises(DecodingFailed):
        to_flac(media.wav(tmp_path / "talk.wav", ramp(3.0)), tmp_path / "out.flac", start_sec=start_sec, mono=False)
    assert not (tmp_path / "out.flac").exists()


def test_a_recording_over_the_limit_is_not_converted_whole(tmp_path: Path, limit: Callable[..., None]) -> None:
    recording = media.wav(tmp_path / "talk.wav", ramp(3.0))
    limit(max_audio_hours=2 / 3600)
    with pytest.raises(RecordingTooLong):
        to_flac(recording, tmp_path / "out.flac", mono=True)
    assert not (tmp_path / "out.flac").exists()
    assert to_flac(recording, tmp_path / "out.flac", end_sec=1.0, mono=True) == 1.0


@pytest.mark.parametrize("case", sorted(set(media.BAD_FILES) - {"recording-too-short"}))  # a stretch may be short
def test_each_bad_file_gets_its_sentence(case: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptDeskError) as met:
        to_flac(media.BAD_FILES[case](tmp_path), tmp_path / "out.flac", mono=True)
    # what can be told from the first packets alone is told when a recording is uploaded
    assert met.value.code == ("decoding-failed" if case == "not-audio header" else case.split()[0])
    assert not (tmp_path / "out.flac").exists()


def test_a_full_disk_is_the_storages_fault(tmp_path: Path) -> None:
    recording = media.wav(tmp_path / "talk.wav", media.tone(20.0))
    with pytest.raises(StorageUnavailable):
        to_flac(recording, Path("/dev/full"), mono=True)
