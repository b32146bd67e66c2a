"""The API over a bucket: uploads end to end, playback by ranges or by a redirect, and a bucket that lets nobody in."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from jobs import reconcile
from jobs.claim import claim_next
from jobs.media.decode import decode
from store.audio import audio_store, on_disk
from tests.google_cloud.fixtures import DROPPED_ANSWERS, CloudStorage
from tests.google_cloud.service_account import service_account

pytestmark = DROPPED_ANSWERS
Make = Callable[..., Path]
SettingsOf = Callable[..., None]


def send(client: httpx.Client, path: Path) -> httpx.Response:
    return client.post("/sessions", files={"file": (path.name, path.read_bytes())})


@pytest.fixture
def audio(client: httpx.Client, recording: Make, audio_in_cloud: CloudStorage) -> tuple[str, bytes]:
    """The address of a recording's audio, and its bytes."""
    made = send(client, path := recording(10.0)).raise_for_status().json()
    return f"/sessions/{made['session_id']}/audio", path.read_bytes()


def test_an_upload_lies_in_the_bucket_and_a_worker_can_decode_it(
    client: httpx.Client, recording: Make, audio_in_cloud: CloudStorage, tmp_path: Path
) -> None:
    made = send(client, path := recording(2.0)).raise_for_status().json()
    assert audio_in_cloud.names() == [f"audio-uploads/coach/{made['session_id']}.wav"]
    claim = claim_next(worker="w", job_id="j")
    assert claim is not None
    with on_disk(audio_store(), claim.audio_uri, tmp_path / "scratch") as fetched:
        assert fetched.read_bytes() == path.read_bytes()
        assert decode(fetched, tmp_path / "decoded.pcm", on_progress=lambda _: None) == pytest.approx(2.0)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_deleting_a_session_deletes_its_object(
    client: httpx.Client, recording: Make, audio_in_cloud: CloudStorage
) -> None:
    made = send(client, recording()).raise_for_status().json()
    client.post(f"/sessions/{made['session_id']}/cancel").raise_for_status()
    client.delete(f"/sessions/{made['session_id']}").raise_for_status()
    assert audio_in_cloud.names() == []


def test_an_upload_that_fails_leaves_nothing(
    client: httpx.Client, tmp_path: Path, audio_in_cloud: CloudStorage
) -> None:
    (text := tmp_path / "talk.wav").write_text("not a recording")
    assert send(client, text).json()["code"] == "not-audio"
    audio_in_cloud.fault(on="finish", truncate=True)
    (noise := tmp_path / "noise.wav").write_bytes(bytes(1000))
    refusal = send(client, noise)
    assert (refusal.status_code, refusal.json()["code"]) == (503, "storage-unavailable")
    assert (audio_in_cloud.names(), audio_in_cloud.open_uploads()) == ([], [])


@pytest.mark.parametrize("on", ["start", "finish"])
def test_a_bucket_that_lets_nobody_in_is_for_operations(
    client: httpx.Client, recording: Make, audio_in_cloud: CloudStorage, on: str
) -> None:
    audio_in_cloud.fault(on=on, status=403)
    refusal = send(client, recording())
    assert (refusal.status_code, refusal.json()["code"]) == (503, "storage-refused")
    assert "operations" in refusal.json()["advice"]
    assert refusal.headers["Retry-After"]
    assert audio_in_cloud.bucket not in refusal.text
    assert (audio_in_cloud.names(), audio_in_cloud.open_uploads()) == ([], [])


def test_ready_asks_the_bucket(client: httpx.Client, audio_in_cloud: CloudStorage) -> None:
    assert client.get("/ready").status_code == 200
    audio_in_cloud.fault(on="check", status=403)
    assert client.get("/ready").json()["code"] == "storage-unavailable"
    assert audio_in_cloud.open_uploads() == []


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=100000-", 100_000, None), ("bytes=-10", -10, None), ("bytes=5-5", 5, 6)],
)
def test_a_player_jumps_in_a_recording_that_cannot_be_linked(
    client: httpx.Client, audio: tuple[str, bytes], wanted: str, start: int, end: int | None
) -> None:
    address, content = audio
    part = client.get(address, headers={"Range": wanted})
    assert (part.status_code, part.content) == (206, content[start:end])
    assert client.get(address).content == content
    assert (client.head(address).status_code, client.head(address).content) == (200, b"")


def test_audio_that_is_gone_from_the_bucket(client: httpx.Client, audio: tuple[str, bytes]) -> None:
    [(uri, _)] = audio_store().list()
    audio_store().delete(uri)
    assert client.get(audio[0]).json()["code"] == "audio-missing"


@pytest.fixture
def signing(audio: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From now on the desk has a key that signs, and no emulator."""
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service_account(tmp_path, key)))
    audio_store.cache_clear()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_player_is_sent_to_the_bucket_where_a_link_can_be_signed(
    client: httpx.Client, audio: tuple[str, bytes], signing: None, audio_in_cloud: CloudStorage, method: str
) -> None:
    sent = client.request(method, audio[0], headers={"Range": "bytes=0-99"})
    assert (sent.status_code, sent.headers["Cache-Control"]) == (307, "no-store")
    link = urlsplit(sent.headers["Location"])
    assert link.path.startswith(f"/{audio_in_cloud.bucket}/audio-uploads/coach/")
    asked = parse_qs(link.query)
    assert asked["X-Goog-Expires"] == ["300"]
    assert asked["response-content-type"] == ["audio/wav"]
    assert asked["response-content-disposition"][0].startswith("inline; filename=")


def test_a_link_goes_to_the_owner_alone(
    client: httpx.Client, audio: tuple[str, bytes], signing: None, settings_of: SettingsOf
) -> None:
    settings_of(owner="somebody-else")
    assert client.get(audio[0]).status_code == 404


def test_without_links_every_recording_is_streamed(
    client: httpx.Client, audio: tuple[str, bytes], signing: None, settings_of: SettingsOf
) -> None:
    settings_of(audio_link_sec=0)
    with pytest.MonkeyPatch.context() as streamed:
        streamed.setattr(type(audio_store()), "read", lambda *_: iter([audio[1]]))
        assert client.get(audio[0]).content == audio[1]


def test_audio_without_a_row_is_swept_from_the_bucket_and_what_is_not_ours_stays(
    client: httpx.Client, recording: Make, audio_in_cloud: CloudStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = send(client, recording()).raise_for_status().json()
    kept = f"audio-uploads/coach/{made['session_id']}.wav"
    audio_in_cloud.put("audio-uploads/coach/orphan.wav", "notes.txt")
    assert reconcile.sweep() == 0  # an upload may still come to its row
    monkeypatch.setattr(reconcile, "ORPHAN_AGE", -reconcile.ORPHAN_AGE)
    assert reconcile.sweep() == 1
    assert audio_in_cloud.names() == sorted([kept, "notes.txt"])
