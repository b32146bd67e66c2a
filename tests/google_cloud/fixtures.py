"""`cloud_storage`: the storage server as a process of its own, with a clean bucket for each test."""

import gc
import signal
import subprocess
import sys
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from store.embedded.processes import die_with_parent

PROJECT = Path(__file__).parents[2]
DROPPED_ANSWERS = pytest.mark.filterwarnings(
    "ignore:unclosed .*socket:ResourceWarning"  # the client library drops an answer it does not like before its end
)


@dataclass
class CloudStorage:
    """A running server, and the bucket of this test."""

    address: str
    bucket: str = ""

    def make(self) -> None:
        """Make the bucket."""
        httpx.post(f"{self.address}/storage/v1/b", json={"name": self.bucket}).raise_for_status()

    def fault(self, **wish: Any) -> None:
        """Set a fault: `fault(on="upload", status=503, times=2)`."""
        httpx.post(f"{self.address}/faults", json=wish).raise_for_status()

    def open_uploads(self) -> list[str]:
        return list(httpx.get(f"{self.address}/uploads").json())

    def names(self) -> list[str]:
        """Of all objects in the bucket, also those that are not ours."""
        found = httpx.get(f"{self.address}/storage/v1/b/{self.bucket}/o").raise_for_status().json()
        return [item["name"] for item in found["items"]]

    def put(self, *names: str, content: bytes = b"other") -> None:
        """Objects that some other program writes."""
        said = f"bytes 0-{len(content) - 1}/{len(content)}"
        with httpx.Client(base_url=f"{self.address}/upload/storage/v1/b/{self.bucket}") as client:
            for name in names:
                start = client.post("/o?uploadType=resumable", json={"name": name}).raise_for_status()
                client.put(start.headers["Location"], content=content, headers={"Content-Range": said})


def start_storage(folder: Path, port: int = 0) -> tuple[subprocess.Popen[str], str]:
    """A storage server over `folder`; its process and its address, once it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.google_cloud.storage_server", "--port", str(port), "--folder", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "is ready" in line, "the storage server did not start"
    return process, line.split()[-1]


def stop_storage(process: subprocess.Popen[str]) -> None:
    with process:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def storage_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, address = start_storage(tmp_path_factory.mktemp("cloud-storage"))
    yield address
    stop_storage(process)


@pytest.fixture
def cloud_storage(storage_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudStorage]:
    """The server, a bucket of this test's own, and STORAGE_EMULATOR_HOST set for the client library."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_address)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    cloud = CloudStorage(storage_address, f"desk-{uuid.uuid4().hex}")
    httpx.delete(f"{storage_address}/faults").raise_for_status()
    cloud.make()
    yield cloud
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # answers that were dropped go with the test that dropped them


@pytest.fixture
def audio_in_cloud(cloud_storage: CloudStorage, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudStorage]:
    """The desk's own audio store is this test's bucket."""
    from store.audio import audio_store
    from store.settings import settings

    monkeypatch.setenv("AUDIO_STORE", "google")
    monkeypatch.setenv("AUDIO_BUCKET", cloud_storage.bucket)
    for cached in (settings, audio_store):
        cached.cache_clear()
    yield cloud_storage
    for cached in (settings, audio_store):
        cached.cache_clear()
