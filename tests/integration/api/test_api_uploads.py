"""What a sender of recordings does: upload, look, start or discard, and everything that can be wrong with it."""

import json
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from jobs import doorbell
from store import session_queries
from store.database import transaction
from store.estimates import SUBMITTED, recorded_fraction
from tests import hostile_media as media

Make = Callable[..., Path]
Stored = Callable[[], list[str]]
NOT_THERE = uuid.UUID(int=0)


def send(client: httpx.Client, path: Path, to: str = "/sessions", **data: str) -> httpx.Response:
    with path.open("rb") as file:
        return client.post(to, files={"file": (path.name, file)}, data=data)


def body(*parts: bytes, boundary: bytes = b"XX") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    named = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return named.encode() + b"\r\n\r\n" + value


def post_form(client: httpx.Client, content: bytes | Iterator[bytes], to: str = "/sessions") -> httpx.Response:
    return client.post(to, content=content, headers={"Content-Type": "multipart/form-data; boundary=XX"})


def refused(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem: dict[str, object] = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code), problem
    assert problem["type"] == f"/api/problems/{code}"
    assert problem["title"]
    assert problem["detail"]
    return problem


def test_a_recording_becomes_a_session(client: httpx.Client, recording: Make, stored: Stored) -> None:
    response = send(client, recording(2.0), title="Anna, first", language="en-GB", priority="high")
    assert response.status_code == 201, response.text
    made = response.json()
    assert response.headers["location"] == f"/api/v1/sessions/{made['session_id']}"
    assert (made["status"], made["progress"], made["message"]) == ("pending", 0, "Waiting in queue")
    assert (made["title"], made["priority"], made["filename"]) == ("Anna, first", "high", "talk.wav")
    assert made["duration_total"] == 2
    assert made["queue"] == {"position": 1, "of": 1, "wait_sec": 0}
    assert made["duplicate_of"] is None
    assert stored() == [f"{made['session_id']}.wav"]
    with transaction() as db:
        record = session_queries.by_id(db, uuid.UUID(made["session_id"]))
        assert recorded_fraction(db, uuid.UUID(made["session_id"]), attempt=0) == SUBMITTED
    assert record is not None
    assert record.upload_sec is not None
    assert record.upload_sec > 0
    assert client.get(response.headers["location"].removeprefix("/api/v1")).json()["title"] == "Anna, first"
    with doorbell.connection() as redis:
        assert doorbell.queue(redis).count == 1


def test_fields_may_follow_the_file(client: httpx.Client, recording: Make) -> None:
    content = body(part("file", recording().read_bytes(), "a.wav"), part("title", b"After"), part("engine", b""))
    assert post_form(client, content).json()["title"] == "After"


def test_a_form_may_come_in_single_bytes(client: httpx.Client, recording: Make) -> None:
    content = body(part("title", "Größe".encode()), part("file", recording(0.3).read_bytes(), "a.wav"))
    edges = content[:400], content[-200:]
    pieces = [*(bytes([byte]) for byte in edges[0]), content[400:-200], *(bytes([byte]) for byte in edges[1])]
    response = post_form(client, iter(pieces))
    assert response.status_code == 201, response.text
    assert response.json()["title"] == "Größe"


def test_the_same_bytes_again_are_accepted_and_named(client: httpx.Client, recording: Make) -> None:
    first = send(client, recording()).json()["session_id"]
    again = send(client, recording(name="renamed.wav"))
    assert (again.status_code, again.json()["duplicate_of"]) == (201, first)


def test_an_idempotency_key_makes_one_session(client: httpx.Client, recording: Make, stored: Stored) -> None:
    client.headers["Idempotency-Key"] = "2f6e"
    first = send(client, recording())
    again = send(client, recording())
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["session_id"] == first.json()["session_id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    refused(send(client, recording(pitch=0.5)), 422, "idempotency-key-reused")
    assert len(stored()) == 1


@pytest.mark.parametrize("key", ["k" * 201, "", "\u00e9"])
def test_an_impossible_idempotency_key_is_refused_before_the_file(
    client: httpx.Client, recording: Make, stored: Stored, key: str
) -> None:
    client.headers["Idempotency-Key"] = key.encode("latin-1").decode("latin-1")
    problem = refused(send(client, recording()), 422, "invalid-request")
    assert problem["errors"][0]["parameter"] == "idempotency-key"  # type: ignore[index]
    assert stored() == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"language": "de"}, "language-not-supported"),
        ({"speakers": "three"}, "invalid-request"),
        ({"engine": "nobody"}, "engine-unknown"),
        ({"priority": "urgent"}, "invalid-request"),
        ({"title": "x" * 201}, "invalid-request"),
        ({"langauge": "en"}, "invalid-request"),
        ({"title": "x" * 5000}, "invalid-request"),
    ],
)
@pytest.mark.parametrize("after", [False, True], ids=["before the file", "after the file"])
def test_wishes_that_cannot_be(
    client: httpx.Client, recording: Make, stored: Stored, fields: dict[str, str], code: str, after: bool
) -> None:
    parts = [part("file", recording().read_bytes(), "a.wav"), *(part(name, fields[name].encode()) for name in fields)]
    refused(post_form(client, body(*(parts if after else parts[::-1]))), 422, code)
    assert stored() == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (body(part("title", b"no file")), 422),
        (body(part("file", b"a", "a.wav"), part("file", b"b", "b.wav")), 422),
        (body(part("file", b"a", "a.wav"), part("other", b"b", "b.wav")), 422),
        (body(part("title", b"a"), part("title", b"b"), part("file", b"a", "a.wav")), 422),
        (body(part("file", b"", "")), 422),
        (body(b"Content-Type: text/plain\r\n\r\nno name"), 400),
        (body(*(part(f"f{number}", b"") for number in range(40))), 400),
        (body(part("file", b"a", "a.wav"))[:-9], 400),
        (b"--XX\r\n", 400),
        (b"", 400),
        (b"garbage", 400),
        (b"--XX\r\nContent-Disposition: form-data; name=\x00\xff\r\n\r\nx\r\n--XX--", 422),
        (b"--XX\r\n" + b"A" * 100_000 + b": x\r\n\r\n", 400),
    ],
)
def test_forms_that_are_none(client: httpx.Client, stored: Stored, content: bytes, status: int) -> None:
    response = post_form(client, content)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code == status, response.text
    assert stored() == []


@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("application/json", 415, "not-multipart"),
        ("application/x-www-form-urlencoded", 415, "not-multipart"),
        ("", 415, "not-multipart"),
        ("multipart/form-data", 400, "broken-upload"),
        ("multipart/form-data; boundary=", 400, "broken-upload"),
        ("multipart/form-data; boundary=" + "x" * 500, 400, "broken-upload"),
    ],
)
def test_content_types_that_are_none(client: httpx.Client, content_type: str, status: int, code: str) -> None:
    response = client.post("/sessions", content=b"x", headers={"Content-Type": content_type})
    refused(response, status, code)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (media.empty, "empty-file"),
        (media.text_renamed, "not-audio"),
        (media.random_bytes, "not-audio"),
        (media.zip_renamed, "not-audio"),
        (media.video_without_audio, "no-audio-stream"),
        (media.too_short, "recording-too-short"),
    ],
)
@pytest.mark.parametrize("to", ["/sessions", "/uploads"])
def test_files_that_are_no_recording(
    client: httpx.Client, tmp_path: Path, stored: Stored, make: Callable[[Path], Path], code: str, to: str
) -> None:
    problem = refused(send(client, make(tmp_path), to), 422, code)
    assert "not help" in str(problem["advice"])
    assert stored() == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\anna\\talk.mp3", "talk.mp3"),
        ("talk\r\nSet-Cookie: x.wav", "talk Set-Cookie: x.wav"),
        ("🎙️ Übung.wav", "🎙️ Übung.wav"),
        ("nul\0.wav", "nul.wav"),
        ("x" * 300 + ".wav", "x" * 196 + ".wav"),
    ],
)
def test_names_are_shown_but_never_used(
    client: httpx.Client, recording: Make, stored: Stored, sent: str, shown: str
) -> None:
    response = client.post("/sessions", files={"file": (sent, recording().read_bytes())})
    assert response.status_code == 201, response.text
    made = response.json()
    assert made["filename"].replace("%0D%0A", " ").replace("%00", "") == shown
    assert stored()[0].startswith(made["session_id"])


@pytest.mark.parametrize("expect", ["", "Expect: 100-continue\r\n"])
def test_too_large_is_said_before_the_file_is_sent(
    server: str, settings_of: Callable[..., None], stored: Stored, expect: str
) -> None:
    settings_of(max_upload_mb=1)
    host, port = server.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        head = "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=XX\r\n"
        connection.sendall(f"{head}{expect}Content-Length: 3000000\r\n\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")
    assert stored() == []


def test_too_large_is_noticed_while_it_streams(
    client: httpx.Client, settings_of: Callable[..., None], stored: Stored
) -> None:
    settings_of(max_upload_mb=1)
    megabyte = [b"\0" * 65536] * 16

    def unannounced() -> Iterator[bytes]:
        yield b"--XX\r\n" + part("file", b"", "a.wav")
        yield from megabyte * 2

    problem = refused(post_form(client, unannounced()), 413, "file-too-large")
    assert "1 MB" in str(problem["detail"])
    assert stored() == []


def test_look_first_then_start(client: httpx.Client, recording: Make) -> None:
    response = send(client, recording(60.0), "/uploads")
    assert response.status_code == 201, response.text
    upload = response.json()
    assert response.headers["location"] == f"/api/v1/uploads/{upload['upload_id']}"
    assert (upload["filename"], upload["duration_sec"], upload["size_bytes"]) == ("talk.wav", 60, 1_920_044)
    assert upload["format"] == "WAV, 16 kHz mono"
    assert (upload["expected_sec"], upload["expected_text"]) == (240, "about 4 min if started now")
    assert (upload["duplicate_of"], upload["duplicate_title"]) == (None, None)
    assert client.get("/uploads").json() == {"items": [upload]}
    assert client.get(f"/uploads/{upload['upload_id']}").json() == upload
    assert client.get("/sessions").json()["items"] == []

    started = client.post(f"/uploads/{upload['upload_id']}/start", json={"title": "Anna", "priority": "low"})
    assert started.status_code == 201, started.text
    session = started.json()
    assert (session["session_id"], session["title"], session["priority"]) == (upload["upload_id"], "Anna", "low")
    assert started.headers["location"] == f"/api/v1/sessions/{upload['upload_id']}"
    assert client.get("/uploads").json() == {"items": []}
    refused(client.post(f"/uploads/{upload['upload_id']}/start"), 404, "upload-not-found")

    second = send(client, recording(60.0), "/uploads").json()
    assert (second["duplicate_of"], second["duplicate_title"]) == (upload["upload_id"], "Anna")


def test_start_without_wishes_takes_the_defaults(client: httpx.Client, recording: Make) -> None:
    upload = send(client, recording(), "/uploads").json()
    session = client.post(f"/uploads/{upload['upload_id']}/start").json()
    assert (session["title"], session["language"], session["engine"]) == ("talk", "en", "pocketsphinx")
    assert (session["language_detected"], session["speakers"], session["model"]) == (False, "two", None)
    assert session["notices"] == [
        "PocketSphinx cannot hear which language is spoken: the recording is taken for English."
    ]
    assert session["notice"] is None


def test_who_speaks_and_in_which_language_are_the_senders_to_say(client: httpx.Client, recording: Make) -> None:
    upload = send(client, recording(), "/uploads").json()
    wishes = {"language": "en-gb", "speakers": "one"}
    session = client.post(f"/uploads/{upload['upload_id']}/start", json=wishes).json()
    assert (session["language"], session["speakers"], session["notices"]) == ("en-GB", "one", [])


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"language": "de"}, "language-not-supported"),
        ({"title": 7}, "invalid-request"),
        ({"title": "\ud800"}, "invalid-request"),
        ({"other": "x"}, "invalid-request"),
        ([], "invalid-request"),
    ],
)
def test_wishes_at_the_start_that_cannot_be(client: httpx.Client, recording: Make, wishes: object, code: str) -> None:
    upload = send(client, recording(), "/uploads").json()
    response = client.post(
        f"/uploads/{upload['upload_id']}/start",
        content=json.dumps(wishes),
        headers={"Content-Type": "application/json"},
    )
    refused(response, 422, code)
    assert client.get("/uploads").json()["items"] == [upload]


def test_discard(client: httpx.Client, recording: Make, stored: Stored) -> None:
    upload = send(client, recording(), "/uploads").json()
    assert client.delete(f"/uploads/{upload['upload_id']}").status_code == 204
    assert stored() == []
    refused(client.delete(f"/uploads/{upload['upload_id']}"), 404, "upload-not-found")
    refused(client.get(f"/uploads/{upload['upload_id']}"), 404, "upload-not-found")


def test_an_upload_takes_no_wishes(client: httpx.Client, recording: Make, stored: Stored) -> None:
    problem = refused(send(client, recording(), "/uploads", title="x"), 422, "invalid-request")
    assert problem["errors"][0]["pointer"] == "#/title"  # type: ignore[index]
    assert stored() == []


def test_the_session_is_committed_before_the_answer(client: httpx.Client, recording: Make) -> None:
    session_id = send(client, recording()).json()["session_id"]
    with transaction() as db:
        record = session_queries.by_id(db, uuid.UUID(session_id))
    assert record is not None
    assert record.audio_uri == f"local://audio-uploads/coach/{session_id}.wav"
