"""Hostile files over the API: each is refused with its code and a sentence, and nothing of it is kept."""

import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from jobs.errors import ERRORS
from tests import hostile_media as media
from tests import media_bombs as bombs
from tests import media_boxes as boxes
from tests.instruments.openings import Openings

DAY_SEC = 24 * 3600
HOSTILE: dict[str, Callable[[Path], Path]] = {
    **media.BAD_FILES,
    "recording-too-long flac": lambda folder: bombs.flac_of_silence(folder / "bomb.flac", DAY_SEC),
    "recording-too-long opus": lambda folder: bombs.opus_of_silence(folder / "bomb.opus", DAY_SEC),
    "not-audio channels": lambda folder: bombs.odd_wav(folder / "field.wav", channels=128),
    "not-audio codec": lambda folder: bombs.odd_wav(folder / "dictation.wav", codec=0xABCD),
    "not-audio rate": lambda folder: bombs.odd_wav(folder / "dense.wav", rate=0xFFFFFFFF),
    "media-limit-exceeded tracks": lambda folder: boxes.many_tracks(folder / "tracks.mp4", 3000),
}


def send(client: httpx.Client, path: Path) -> httpx.Response:
    with path.open("rb") as file:
        return client.post("/sessions", files={"file": (path.name, file)})


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_upload_is_refused_in_words_and_leaves_nothing(
    case: str, client: httpx.Client, stored: Callable[[], list[str]], tmp_path: Path
) -> None:
    response = send(client, HOSTILE[case](tmp_path))
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, case.split()[0]), problem
    assert problem["title"] == ERRORS[problem["code"]]().sentence
    assert problem["detail"].endswith(".")
    assert "not" in problem["advice"]
    assert stored() == []
    assert client.get("/sessions").json()["items"] == []


def test_no_uploaded_playlist_is_followed(
    client: httpx.Client, stored: Callable[[], list[str]], tmp_path: Path
) -> None:
    canary = media.wav(tmp_path / "canary.wav", media.tone(3.0)[0])
    with socket.create_server(("127.0.0.1", 0)) as listener, Openings(canary) as openings:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/canary.wav"
        sent = [path for path in media.playlists(tmp_path, canary, url) if path.suffix == ".m4a"]
        for path in sent[::2]:
            assert send(client, path).json()["code"] == "not-audio"
        assert not openings.seen()
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert stored() == []


def test_what_is_odd_but_plays_is_taken(client: httpx.Client, tmp_path: Path) -> None:
    covered = send(client, bombs.mp3_with_cover(tmp_path / "cover.mp3", 3000, 3000))
    lying = send(client, bombs.flac_of_silence(tmp_path / "lying.flac", 30, claimed_sec=DAY_SEC))
    assert [covered.status_code, lying.status_code] == [201, 201]
    assert lying.json()["duration_total"] == pytest.approx(32.8)
