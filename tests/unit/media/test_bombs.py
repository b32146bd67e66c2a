"""Files that would become too much, and headers that lie: stopped by duration, memory or CPU time, with a sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.errors import MediaLimitExceeded, NotAudio, RecordingTooLong
from jobs.media.container import MOST_CHANNELS
from jobs.media.decode import decode
from jobs.media.probe import probe
from store.settings import Settings
from tests import media_bombs as bombs
from tests import media_boxes as boxes
from tests.read_several import Outcome, read_several

DAY_SEC = 24 * 3600
SetLimits = Callable[..., Settings]


@pytest.mark.parametrize("silence", [bombs.flac_of_silence, bombs.opus_of_silence])
def test_a_day_of_silence_in_a_small_file_is_refused(
    silence: Callable[[Path, float], Path], tmp_path: Path, set_limits: SetLimits
) -> None:
    bomb = silence(tmp_path / "bomb.mp3", DAY_SEC)
    assert bomb.stat().st_size < 3_000_000
    with pytest.raises(RecordingTooLong, match="longer than 8 hours"):
        probe(bomb)
    set_limits(max_audio_hours=0.25)
    with pytest.raises(RecordingTooLong, match="longer than 15 minutes"):
        decode(bomb, tmp_path / "sound.pcm")
    assert not (tmp_path / "sound.pcm").exists()


@pytest.mark.parametrize("claimed_sec", [0, 1, DAY_SEC])
def test_a_flac_header_is_not_believed(claimed_sec: float, tmp_path: Path) -> None:
    lying = bombs.flac_of_silence(tmp_path / "lying.flac", 30, claimed_sec=claimed_sec)
    assert read_several([lying], tmp_path)[lying.name] == Outcome(
        pytest.approx(32.77, abs=0.01), pytest.approx(32.77, abs=0.01)
    )


def test_what_an_ogg_page_says_is_not_believed(tmp_path: Path) -> None:
    lying = bombs.opus_of_silence(tmp_path / "lying.opus", 30, claimed_sec=DAY_SEC)
    assert read_several([lying], tmp_path)[lying.name] == Outcome(
        pytest.approx(30, abs=0.1), pytest.approx(30, abs=0.1)
    )


def test_a_lie_in_a_file_too_large_to_count_shows_while_decoding(tmp_path: Path, set_limits: SetLimits) -> None:
    set_limits(max_audio_hours=0.05)
    lying = bombs.flac_of_silence(tmp_path / "lying.flac", 300, claimed_sec=20, padding_mb=75)
    assert probe(lying).duration_sec == 20
    with pytest.raises(RecordingTooLong, match="longer than 3 minutes"):
        decode(lying, tmp_path / "sound.pcm")


@pytest.mark.parametrize(
    "header",
    [
        {"rate": 0},
        {"rate": 2_000_000_000},
        {"rate": 0xFFFFFFFF},
        {"channels": 0},
        {"channels": MOST_CHANNELS + 1},
        {"channels": 128},
        {"channels": 0xFFFF},
        {"bits": 0},
        {"bits": 0xFFFF},
        {"codec": 0xABCD},
    ],
    ids=str,
)
def test_a_wav_header_that_no_recording_has_is_explained(header: dict[str, int], tmp_path: Path) -> None:
    odd = bombs.odd_wav(tmp_path / "odd.wav", **header)
    outcome = read_several([odd], tmp_path)[odd.name]
    assert outcome.is_settled
    assert isinstance(outcome.decoded, str)


def test_one_sample_a_second_is_stopped_at_the_limit(tmp_path: Path, set_limits: SetLimits) -> None:
    set_limits(max_audio_hours=0.25)
    slow = bombs.odd_wav(tmp_path / "slow.wav", rate=1)
    for read in (probe, lambda path: decode(path, tmp_path / "sound.pcm")):
        with pytest.raises(RecordingTooLong):
            read(slow)


def test_many_channels_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(NotAudio, match="has 9 channels, too many to mix"):
        probe(bombs.odd_wav(tmp_path / "field.wav", channels=9))
    most = bombs.odd_wav(tmp_path / "most.wav", channels=MOST_CHANNELS)
    assert read_several([most], tmp_path)[most.name] == Outcome(pytest.approx(0.391), pytest.approx(0.390625))


def test_a_codec_that_nobody_knows_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(NotAudio, match="written in a way we cannot read"):
        probe(bombs.odd_wav(tmp_path / "dictation.wav", codec=0xABCD))


def test_a_tag_of_many_megabytes_is_skipped(tmp_path: Path) -> None:
    tagged = bombs.tagged_mp3(tmp_path / "tagged.mp3", "TXXX", b"\3a\0" + b"b" * 20_000_000)
    assert probe(tagged).duration_sec == decode(tagged, tmp_path / "sound.pcm") == pytest.approx(2.0, abs=0.1)


def test_pictures_are_never_decoded(tmp_path: Path, reader: Callable[..., dict[str, object]]) -> None:
    """FFmpeg knows a picture's pixel format only from decoding it; here nobody does."""
    cover = bombs.mp3_with_cover(tmp_path / "cover.mp3", 6000, 6000)
    video = boxes.huge_video(tmp_path / "video.mp4", 65_535, 65_535)
    for path in (cover, video):
        assert probe(path).duration_sec == pytest.approx(2.0, abs=0.1)
        assert decode(path, tmp_path / "sound.pcm") == pytest.approx(2.0, abs=0.1)
    looked = """
        import av
        from pathlib import Path
        from jobs.media.container import opened
        path = Path(recording).parent / "cover.mp3"
        with opened(path) as container:
            fenced = container.streams.video[0].codec_context.format
        with av.open(str(path)) as container:
            plain = container.streams.video[0].codec_context.format
        return {"fenced": fenced and fenced.name, "plain": plain and plain.name}
    """
    assert reader(looked) == {"fenced": None, "plain": "rgb24"}


def test_thousands_of_tracks_are_too_much(tmp_path: Path) -> None:
    with pytest.raises(MediaLimitExceeded):
        probe(boxes.many_tracks(tmp_path / "tracks.mp4", 3000))
    assert probe(boxes.many_tracks(tmp_path / "tracks.mp4", 20)).duration_sec == pytest.approx(2.0, abs=0.1)


def test_a_track_that_plays_itself_thousands_of_times_is_too_long(tmp_path: Path, set_limits: SetLimits) -> None:
    set_limits(max_audio_hours=0.1)
    edited = boxes.many_edits(tmp_path / "edits.mp4", 1000)
    for read in (probe, lambda path: decode(path, tmp_path / "sound.pcm")):
        with pytest.raises(RecordingTooLong):
            read(edited)


@pytest.mark.parametrize("samples", [0x1000000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_table_of_millions_of_samples_is_explained(samples: int, tmp_path: Path) -> None:
    table = boxes.many_samples(tmp_path / "table.mp4", samples)
    assert read_several([table], tmp_path)[table.name].is_settled


def test_cpu_time_is_capped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.media.probe.CPU_SEC", -1)
    with pytest.raises(MediaLimitExceeded, match="SIGXCPU"):
        probe(bombs.opus_of_silence(tmp_path / "bomb.opus", DAY_SEC))
