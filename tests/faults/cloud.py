"""Google's two services for the engine `google`: servers of the suite's own, whose data survives their being killed."""

import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.google_cloud.__main__ import BUCKET, settings
from tests.google_cloud.fixtures import CloudStorage, start_storage, stop_storage
from tests.google_cloud.speech_fixtures import SpeechServer

PACE = 0.08  # seconds a second of audio: about three for a recording
SCHEME = f"gs://{BUCKET}/"
FOR_EVER = 1_000_000
ENDED_WITHIN_SEC = 15.0
POLL_SEC = 0.25


class Cloud:
    """Cloud Storage and Speech-to-Text. Whatever is started is started by one thread that lives as long as this does:
    the kernel ends a child with the thread that made it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "buckets"
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="cloud")
        self._storage, self.storage_address = self._keeper.submit(start_storage, self._folder).result()
        self._bucket = CloudStorage(self.storage_address, BUCKET)
        self._bucket.make()
        options = ("--recogniser", "suite", "--pace", str(PACE))
        self.speech = SpeechServer(folder / "operations.sqlite", self.storage_address, *options)
        self._keeper.submit(self.speech.start).result()

    @property
    def settings(self) -> dict[str, str]:
        """What leads the product here."""
        return settings(self.storage_address, self.speech.address)

    def restart_speech(self, away_sec: float) -> None:
        """SIGKILL; what ran goes on from its beginning when it is back."""
        self._keeper.submit(self.speech.kill).result()
        time.sleep(away_sec)
        self._keeper.submit(self.speech.start).result()

    def restart_storage(self, away_sec: float) -> None:
        self._storage.send_signal(signal.SIGKILL)
        self._end_storage()
        time.sleep(away_sec)
        port = int(self.storage_address.rpartition(":")[2])
        self._storage, _ = self._keeper.submit(start_storage, self._folder, port).result()

    def storage_unavailable(self, seconds: float) -> None:
        """503 to everything, for so long."""
        self._bucket.fault(status=503, times=FOR_EVER)
        time.sleep(seconds)
        httpx.delete(f"{self.storage_address}/faults").raise_for_status()

    def fault(self, seed: int, **fault: Any) -> None:
        """One of the speech server (`tests.google_cloud.behaviours`); `seed` is its name in `fired`, too."""
        self.speech.fault(seed=seed, **fault)

    def fired(self, seed: int) -> int:
        """How often it has fired; 0 when the server has been killed since."""
        return sum(int(fault["fired"]) for fault in self.speech.faults() if fault["seed"] == seed)

    def audio(self, uri: str) -> bytes | None:
        """An object's bytes; None when there is none."""
        name = quote(uri.removeprefix(SCHEME), safe="")
        path = f"/download/storage/v1/b/{BUCKET}/o/{name}?alt=media"
        answer = httpx.get(f"{self.storage_address}{path}", timeout=30)
        return answer.content if answer.is_success else None

    def objects(self) -> list[str]:
        """The URIs of all objects."""
        found, page = [], ""
        while True:
            asked = {"pageToken": page} if page else {}
            answer = httpx.get(f"{self.storage_address}/storage/v1/b/{BUCKET}/o", params=asked).raise_for_status()
            found += [SCHEME + item["name"] for item in answer.json()["items"]]
            page = answer.json().get("nextPageToken", "")
            if not page:
                return found

    def operations(self) -> list[dict[str, Any]]:
        """Every operation that was ever accepted, once none runs any more or all have had their time to be ended."""
        deadline = time.monotonic() + ENDED_WITHIN_SEC
        while True:
            accepted = self.speech.accepted()
            if time.monotonic() > deadline or all(operation["outcome"] != "running" for operation in accepted):
                return accepted
            time.sleep(POLL_SEC)

    def stop(self) -> None:
        self._keeper.submit(self.speech.stop).result()
        self._end_storage()
        self._keeper.shutdown()

    def _end_storage(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            stop_storage(self._storage)
