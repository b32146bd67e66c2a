"""Hundreds of broken and hostile files: each works with what is there or gets its sentence, and none is tried again."""

import os
import socket
from pathlib import Path

import av
import pytest

from jobs.errors import NotAudio
from jobs.media.decode import decode
from jobs.media.probe import probe
from tests import hostile_media as media
from tests.instruments.openings import Openings
from tests.read_several import read_several

STREAMED = {"WAV", "MP3", "AAC"}  # a tenth of the file is a tenth of the sound


def test_no_playlist_opens_another_file_or_the_network(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    canary = media.wav(tmp_path / "other" / "canary.wav", media.tone(3.0)[0])
    with socket.create_server(("127.0.0.1", 0)) as listener, Openings(canary) as openings:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/canary.wav"
        playlists = list(media.playlists(tmp_path, canary, url))
        found = read_several(playlists, tmp_path)
        for path in playlists[:: len(playlists) // 4]:  # the whole way too, in a child each
            with pytest.raises(NotAudio):
                probe(path)
            with pytest.raises(NotAudio):
                decode(path, tmp_path / "sound.pcm")
        assert not openings.seen()
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert len(found) == 4 * 6 * len(media.SUFFIXES)
    assert all(outcome.probed == outcome.decoded == "not-audio" for outcome in found.values())


def test_the_canary_would_have_told(tmp_path: Path) -> None:
    """FFmpeg as it comes follows such a playlist: the test above does not pass because nothing could happen."""
    canary = media.wav(tmp_path / "canary.wav", media.tone(3.0)[0])
    playlist = next(path for path in media.playlists(tmp_path, canary, "http://127.0.0.1:9/") if path.suffix == ".mp3")
    with Openings(canary) as openings:
        with playlist.open("rb") as file, av.open(file, options={"safe": "0"}) as container:
            assert next(container.demux()).size > 0
        assert openings.seen()


@pytest.mark.parametrize("form", media.FORMATS, ids=lambda form: form.file_name)
def test_every_truncation_works_with_what_is_there_or_is_explained(form: media.Format, tmp_path: Path) -> None:
    found = read_several(media.truncations(tmp_path, form), tmp_path)
    assert [name for name, outcome in found.items() if not outcome.is_settled] == []
    outcomes = [found[f"{form.file_name}.{tenths}"] for tenths in range(11)]
    assert outcomes[0].probed == outcomes[0].decoded == "empty-file"
    assert outcomes[10].decoded == pytest.approx(1.0, abs=0.1)
    lengths = [outcome.decoded for outcome in outcomes if isinstance(outcome.decoded, float)]
    assert max(lengths) <= 1.1
    assert lengths == sorted(lengths)
    if form.container in STREAMED:
        assert [outcome.decoded for outcome in outcomes[4:]] == pytest.approx(
            [tenths / 10 for tenths in range(4, 11)], abs=0.15
        )


def test_random_bytes_are_explained_whatever_they_are_called(tmp_path: Path) -> None:
    found = read_several(media.random_files(tmp_path), tmp_path)
    assert [(name, outcome) for name, outcome in found.items() if not outcome.is_settled] == []
    assert len(found) == len(media.SUFFIXES) * (len(media.MAGIC) + 1)
    assert {code for outcome in found.values() for code in outcome.codes} <= {"not-audio", "decoding-failed"}


def test_changed_bytes_are_survived(tmp_path: Path) -> None:
    found = read_several(media.mutations(tmp_path, each=25), tmp_path)
    assert [(name, outcome) for name, outcome in found.items() if not outcome.is_settled] == []
    codes = {code for outcome in found.values() for code in outcome.codes}
    assert "not-audio" in codes  # the changes reach what matters
    assert sum(not outcome.codes for outcome in found.values()) > len(found) / 4


@pytest.mark.parametrize("suffix", media.SUFFIXES)
def test_an_archive_is_no_recording_under_any_name(suffix: str, tmp_path: Path) -> None:
    renamed = media.zip_renamed(tmp_path).rename(tmp_path / f"archive{suffix}")
    assert read_several([renamed], tmp_path)[renamed.name].codes == {"not-audio"}


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """The audio store makes plain files only; a pipe would block its reader."""
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()
    found = read_several([tmp_path / "pipe.wav", tmp_path / "folder.wav"], tmp_path)
    assert {code for outcome in found.values() for code in outcome.codes} == {"not-audio"}
