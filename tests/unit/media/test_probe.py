"""A coach learns at once what a file is, or in one sentence why it cannot be used."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.durations import end_is_missing
from jobs.errors import EmptyFile, FileTooLarge, RecordingTooLong, RecordingTooShort, TranscriptDeskError
from jobs.media.probe import probe
from store.settings import Settings
from tests import hostile_media as media


@pytest.mark.parametrize("form", media.FORMATS, ids=lambda form: form.file_name)
def test_every_accepted_format_is_measured(form: media.Format, tmp_path: Path) -> None:
    path = media.good_file(tmp_path, form, duration_sec=2.0)
    facts = probe(path)
    assert facts.duration_sec == pytest.approx(2.0, abs=0.1)
    assert facts.container == form.container
    assert facts.sample_rate == form.rate
    assert facts.channels == 2
    assert facts.size_bytes == path.stat().st_size


@pytest.mark.parametrize("case", media.BAD_FILES)
def test_each_bad_file_gets_its_sentence(case: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptDeskError) as met:
        probe(media.BAD_FILES[case](tmp_path))
    assert met.value.code == case.split()[0]


def test_the_name_says_nothing_about_the_format(tmp_path: Path) -> None:
    path = media.good_file(tmp_path, media.FORMATS[4])
    odd = path.rename(tmp_path / "Zoë’s talk 🎙 $(x);.txt")
    assert probe(odd).container == "FLAC"


@pytest.mark.parametrize("claimed_bytes", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_wav_header_that_lies_is_not_believed(claimed_bytes: int, tmp_path: Path) -> None:
    assert probe(media.lying_wav(tmp_path, claimed_bytes)).duration_sec == pytest.approx(2.0, abs=0.1)


def test_sound_that_a_wav_header_hides_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(RecordingTooShort):
        probe(media.lying_wav(tmp_path, 100))


def test_a_large_file_with_a_lying_header_is_bounded_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import av

    from jobs.media import probe_child

    monkeypatch.setattr(probe_child, "COUNTED_BYTES", 0)
    path = media.lying_wav(tmp_path, 0x7FFFFFFF)
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert probe_child._duration_sec(container, stream, path.stat().st_size, 60) == pytest.approx(2.0, abs=0.1)


def test_a_truncated_mp3_is_as_long_as_what_is_left(tmp_path: Path) -> None:
    assert probe(media.truncated_mp3(tmp_path, duration_sec=4.0)).duration_sec == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("form", media.FORMATS, ids=lambda form: form.file_name)
def test_a_whole_file_promises_what_it_holds_or_nothing(form: media.Format, tmp_path: Path) -> None:
    facts = probe(media.good_file(tmp_path, form))
    assert end_is_missing(facts.duration_sec, facts.promised_sec) is None


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "webm"])
def test_a_file_whose_end_is_missing_still_says_how_long_it_was(name: str, tmp_path: Path) -> None:
    form = next(form for form in media.FORMATS if form.file_name.endswith(f".{name}"))
    path = media.good_file(tmp_path, form, 12.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    facts = probe(path)
    assert facts.promised_sec == pytest.approx(12.0, abs=0.3)
    assert end_is_missing(facts.duration_sec, facts.promised_sec) is not None


def test_a_microphone_that_stopped_before_the_picture_is_no_missing_end(tmp_path: Path) -> None:
    path = media.sound_that_ends_before_the_picture(tmp_path, sound_sec=3.0, picture_sec=20.0)
    facts = probe(path)
    assert facts.duration_sec == pytest.approx(3.0, abs=0.1)
    assert end_is_missing(facts.duration_sec, facts.promised_sec) is None


@pytest.mark.parametrize("claimed_bytes", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_recorder_that_did_not_know_yet_promises_nothing(claimed_bytes: int, tmp_path: Path) -> None:
    assert probe(media.lying_wav(tmp_path, claimed_bytes)).promised_sec is None


def test_limits_come_from_the_settings(tmp_path: Path, set_limits: Callable[..., Settings]) -> None:
    talk = media.wav(tmp_path / "talk.wav", media.tone(4.0))
    set_limits(max_audio_hours=3 / 3600)
    with pytest.raises(RecordingTooLong, match="longer than"):
        probe(talk)
    set_limits(max_upload_mb=1)
    with talk.open("r+b") as file:
        file.truncate(1024 * 1024 + 1)
    with pytest.raises(FileTooLarge, match="1 MiB"):
        probe(talk)


def test_a_missing_file_is_not_the_coachs_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "gone.wav")


def test_an_empty_file_needs_no_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.media.sandbox.read", None)
    with pytest.raises(EmptyFile):
        probe(media.empty(tmp_path))
