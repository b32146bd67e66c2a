"""A real server on a free port in this process, so that every test speaks HTTP over a socket."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import uvicorn

from tests.hostile_media import tone, wav


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of `api.app:app`; lifespan off, since it would take over pytest's logging."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config("api.app:app", lifespan="off", log_config=None, timeout_graceful_shutdown=5)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve([listening])))
    thread.start()  # connections wait in the listening socket's backlog until it serves
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    running.should_exit = True
    thread.join()


@pytest.fixture
def client(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server}/api/v1", timeout=60) as client:
        yield client


@pytest.fixture
def recording(tmp_path: Path) -> Callable[..., Path]:
    """`recording(2.0)`: a WAV of so many seconds; another `pitch` makes other bytes."""

    def make(duration_sec: float = 1.0, *, pitch: float = 1.0, name: str = "talk.wav") -> Path:
        return wav(tmp_path / name, (tone(duration_sec)[0] * pitch).astype(np.int16))

    return make


@pytest.fixture
def audio_folder(tmp_path: Path) -> Path:
    """Where the tests' conftest has put this test's audio store."""
    return tmp_path / "audio"


@pytest.fixture
def stored(audio_folder: Path) -> Callable[[], list[str]]:
    """Names of all files in the audio store, half-written ones included."""
    return lambda: sorted(path.name for path in audio_folder.rglob("*") if path.is_file())
