"""Redis away, Postgres away, the disk full, the client gone: nothing is lost, and nothing is left behind."""

import errno
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy.exc import OperationalError

from api import take_in
from jobs import submit
from store import engine_stops
from store.audio.local import LocalAudioWriter
from store.database import transaction

Make = Callable[..., Path]
Stored = Callable[[], list[str]]
PATIENCE_SEC = 30.0
FORM = {"Content-Type": "multipart/form-data; boundary=XX"}
FILE_BEGINS = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SEC
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SEC:.0f} s for: {what}"
        time.sleep(0.02)


def send(client: httpx.Client, path: Path) -> httpx.Response:
    return client.post("/sessions", files={"file": (path.name, path.read_bytes())})


def test_an_upload_survives_redis(client: httpx.Client, recording: Make, settings_of: Callable[..., None]) -> None:
    settings_of(redis_url="redis://127.0.0.1:1")
    assert send(client, recording()).status_code == 201
    ready = client.get("/ready")
    assert ready.status_code == 200
    assert [missing["part"] for missing in ready.json()["degraded"]] == ["redis"]


def _disk_full(_writer: LocalAudioWriter, _data: bytes) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk(client: httpx.Client, recording: Make, stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalAudioWriter, "write", _disk_full)
    response = send(client, recording())
    assert (response.status_code, response.json()["code"]) == (507, "storage-full")
    assert "once there is room" in response.json()["advice"]
    assert stored() == []
    assert client.get("/ready").json()["code"] == "storage-unavailable"


def test_a_file_that_did_not_arrive_whole(
    client: httpx.Client, recording: Make, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_as_sent(_writer: LocalAudioWriter) -> None:
        raise OSError("not stored as it was sent")

    monkeypatch.setattr(LocalAudioWriter, "finish", not_as_sent)
    response = send(client, recording())
    assert (response.status_code, response.json()["code"]) == (503, "storage-unavailable")
    assert response.headers["Retry-After"] == "5"
    assert stored() == []


def test_a_bug_after_storing_leaves_nothing(
    client: httpx.Client, recording: Make, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: Any, **__: Any) -> None:
        raise ValueError("secret detail")

    monkeypatch.setattr(submit, "submit", bug)
    response = send(client, recording())
    assert (response.status_code, response.json()["code"]) == (500, "unexpected")
    assert "secret" not in response.text
    assert stored() == []


def test_a_commit_that_succeeded_unheard_keeps_its_audio(
    client: httpx.Client, recording: Make, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = submit.submit

    def lost_answer(*arguments: Any, **named: Any) -> None:
        honest(*arguments, **named)
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    monkeypatch.setattr(submit, "submit", lost_answer)
    response = send(client, recording())
    assert (response.status_code, response.json()["code"]) == (503, "database-unavailable")
    [session] = client.get("/sessions").json()["items"]
    assert stored() == [f"{session['session_id']}.wav"]


def test_postgres_away(client: httpx.Client, recording: Make, stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    from store.database import engine
    from store.settings import settings

    with monkeypatch.context() as away:
        away.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/nothing")
        settings.cache_clear()
        engine.cache_clear()
        polled = client.get(f"/sessions/{uuid.uuid4()}/status")
        for response in (client.get("/sessions"), polled, client.get("/ready"), send(client, recording())):
            assert (response.status_code, response.json()["code"]) == (503, "database-unavailable")
            assert response.headers["Retry-After"] == "5"
            assert "127.0.0.1:1" not in response.text
        assert client.get("/health").json() == {"status": "ok"}
        assert stored() == []
    settings.cache_clear()
    engine.cache_clear()
    assert client.get("/sessions").status_code == 200


def test_ready_names_missing_workers(client: httpx.Client) -> None:
    ready = client.get("/ready")
    assert ready.status_code == 200
    assert [missing["part"] for missing in ready.json()["degraded"]] == ["workers"]


def test_ready_names_an_engine_that_refuses_this_desk(client: httpx.Client) -> None:
    with transaction() as db:
        engine_stops.stop(db, "google", ("engine-refused", "It refuses this desk.", None), wait_sec=60)
    degraded = client.get("/ready").json()["degraded"]
    assert {"part": "engine google", "why": "Google Speech-to-Text is stopped: It refuses this desk."} in degraded


def test_a_client_that_hangs_up_leaves_nothing(server: str, stored: Stored) -> None:
    host, port = server.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=XX\r\n"
        connection.sendall(head.encode() + b"Content-Length: 100000000\r\n\r\n" + FILE_BEGINS + b"\0" * 3_000_000)
        wait_for(lambda: len(stored()) == 1, "the upload to begin")
    wait_for(lambda: stored() == [], "the upload to be forgotten")


def test_a_client_that_falls_silent_is_given_up(server: str, stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(take_in, "IDLE_SEC", 0.3)
    host, port = server.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_SEC) as connection:
        head = "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=XX\r\n"
        connection.sendall(head.encode() + b"Content-Length: 100000000\r\n\r\n" + FILE_BEGINS)
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")
    assert stored() == []


@contextmanager
def own_process() -> Iterator[tuple[str, psutil.Process]]:
    """The API as `uvicorn api.app:app` in a process of its own, lifespan included."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-m", "uvicorn", "api.app:app", "--fd", str(listening.fileno()), "--no-access-log"]
        with subprocess.Popen(command, pass_fds=[listening.fileno()], env=dict(os.environ)) as process:
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1", psutil.Process(process.pid)
            finally:
                process.terminate()
                process.wait(PATIENCE_SEC)


def test_memory_stays_flat_while_a_large_file_streams_in(recording: Make) -> None:
    piece, pieces = b"\0" * 1_000_000, 200
    seen: list[int] = []
    with own_process() as (address, process), httpx.Client(base_url=address, timeout=120) as client:
        assert send(client, recording()).status_code == 201  # everything is imported now
        before = process.memory_info().rss

        def large() -> Iterator[bytes]:
            yield FILE_BEGINS
            for _ in range(pieces):
                yield piece
                seen.append(process.memory_info().rss)
            yield b"\r\n--XX--\r\n"

        response = client.post("/uploads", content=large(), headers=FORM)
    assert (response.status_code, response.json()["code"]) == (422, "not-audio")
    assert max(seen) - before < 30_000_000  # of 200 MB
