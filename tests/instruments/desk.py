"""The product's own processes, started for a test: workers and reconcilers, what they log, and what is left of them."""

import os
import signal
import subprocess
import sys
import uuid
import wave
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np

from store.audio import audio_store, object_key
from store.session_queries import SessionRecord
from store.states import Status
from tests.instruments.claims import record_of
from tests.instruments.waiting import wait_until

FAST = {
    "LEASE_SEC": "3",
    "HEARTBEAT_SEC": "1",
    "RECONCILE_SEC": "0.5",
    "RETRY_BASE_SEC": "0.5",
    "ENGINE_PROCESSES": "2",
}
START_SEC = 90.0  # a worker imports Google's library, and the machine may be busy
MARK = "DESK_OF_TEST"
AUDIO_SEC = 30.0  # cut into six chunks of about 5 s


class Desk:
    """Processes with settings that are quick to notice things, and a metronome that can be held."""

    def __init__(self, folder: Path, new_session: Callable[..., uuid.UUID]) -> None:
        self.folder = folder
        self._new_session = new_session
        self._mark = uuid.uuid4().hex
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, module: str, **settings: str) -> subprocess.Popen[bytes]:
        """`python -m module`, ready."""
        log = self.folder / f"{len(self._processes)}-{module}.log"
        environment = {
            **os.environ,
            **FAST,
            "VAR_DIR": str(self.folder / "var"),
            "METRONOME_FOLDER": str(self.folder),
            MARK: self._mark,
            **settings,
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module], env=environment, stdout=output, stderr=output, start_new_session=True
            )
        self._processes.append(process)
        wait_until(lambda: "is ready" in log.read_text() or process.poll() is not None, START_SEC)
        assert process.poll() is None, log.read_text()
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("tests.instruments.metronome_worker", STT_ENGINE="metronome")

    def reconciler(self) -> subprocess.Popen[bytes]:
        return self.start("jobs.reconcile")

    def session(self, **facts: object) -> uuid.UUID:
        """A session for the metronome, with real audio."""
        return self._new_session(
            **{"engine": "metronome", "duration_total": AUDIO_SEC, "audio_uri": stored(beeps(AUDIO_SEC)), **facts}
        )

    def hold(self) -> None:
        """From now on only the first chunks finish, until `let_go`."""
        (self.folder / "hold").touch()

    def let_go(self) -> None:
        (self.folder / "hold").unlink()

    def chunks(self, what: str) -> list[float]:
        """The starts of the chunks that were `begun` or `done`, in their order, those of all attempts."""
        file = self.folder / what
        return [float(line) for line in file.read_text().split()] if file.exists() else []

    def logged(self) -> str:
        return "".join(log.read_text() for log in sorted(self.folder.glob("*.log")))

    def until(self, session_id: uuid.UUID, status: Status, within_sec: float = 40.0) -> SessionRecord:
        """The record once it is in this state."""

        def reached() -> SessionRecord | None:
            record = record_of(session_id)
            return record if record.status is status else None

        try:
            return wait_until(reached, within_sec)
        except AssertionError:
            raise AssertionError(f"{record_of(session_id)}\n{self.logged()}") from None

    def until_held(self, session_id: uuid.UUID) -> SessionRecord:
        """The record once the first two chunks are checkpointed and the next ones wait."""
        wait_until(lambda: record_of(session_id).duration_processed >= 9 and len(self.chunks("begun")) > 2)
        return record_of(session_id)

    def alive(self) -> set[int]:
        """The ids of all processes that descend from what this test started."""
        return {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and self._is_ours(path)}

    def _is_ours(self, process: Path) -> bool:
        try:
            dead = process.joinpath("stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            return not dead and f"{MARK}={self._mark}".encode() in process.joinpath("environ").read_bytes()
        except OSError:
            return False  # gone since the folder was read

    def end(self) -> None:
        """Nothing that this test started outlives it."""
        for pid in self.alive():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for process in self._processes:
            process.wait()


def horse_of(worker: subprocess.Popen[bytes]) -> int:
    """The work-horse of a worker that is busy; its fork server hangs below another of the worker's threads."""
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
    return int(wait_until(lambda: children.read_text().split())[0])


def beeps(seconds: float) -> bytes:
    """A WAV file of half-second tones and pauses."""
    times = np.arange(int(16_000 * seconds)) / 16_000
    tone = np.where(times % 1 < 0.5, 8000 * np.sin(2 * np.pi * 440 * times), 0).astype("<i2")
    return wav(tone.tobytes())


def wav(samples: bytes) -> bytes:
    """16 kHz mono samples as a WAV file."""
    file = BytesIO()
    with wave.open(file, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(16_000)
        target.writeframes(samples)
    return file.getvalue()


def stored(data: bytes) -> str:
    with audio_store().write(object_key("coach", uuid.uuid4(), "recording.wav")) as writer:
        writer.write(data)
        return writer.finish().uri
