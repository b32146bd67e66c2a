"""Speech-to-Text for tests: `cloud_speech` is a server of this test run, without faults and operations at each test.

`from tests.google_cloud.speech_fixtures import cloud_speech, cloud_speech_process, speech_audio` in a conftest makes
them known there. Where the audio is, is for the conftest to say: by default in a folder (`cloud_speech.folder`); it
may define `speech_audio` itself, with the address of a Cloud Storage emulator.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.cloud.speech_v2 import SpeechClient
from google.cloud.speech_v2.services.speech.transports import SpeechGrpcTransport

from store.embedded.processes import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
PROJECT, REGION = "test-project", "eu"
PACE = 0.02
STOP_SEC = 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class SpeechControl:
    """The control port of a running server, as `speech_control` describes it."""

    def __init__(self, control_port: int) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{control_port}", timeout=40.0)

    def accepted(self) -> list[dict[str, Any]]:
        """Every operation ever accepted: name, uris, accepted_at, ended_at, outcome, billed, deleted."""
        return list(self._ask("GET", "/operations"))

    def fault(self, **fault: Any) -> None:
        """One fault more: the fields of `behaviours.Fault`."""
        self._ask("POST", "/faults", fault)

    def faults(self) -> list[dict[str, Any]]:
        """What is in force; `fired` says how often."""
        return list(self._ask("GET", "/faults"))

    def calls(self) -> dict[str, int]:
        """How many calls came in since the last `clear`, by method."""
        return dict(self._ask("GET", "/calls"))

    def progress(self, mode: str) -> None:
        self._ask("POST", "/progress", {"mode": mode})

    def pace(self, pace: float) -> None:
        """Seconds a second of audio, for operations that the suite's recogniser is given from now on."""
        self._ask("POST", "/pace", {"pace": pace})

    def clear_faults(self) -> None:
        self._ask("DELETE", "/faults")

    def clear(self) -> None:
        """No faults, no operations, steady progress."""
        self.clear_faults()
        self.progress("steady")
        self._ask("DELETE", "/operations")

    def close(self) -> None:
        self._http.close()

    def _ask(self, verb: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._http.request(verb, path, json=body)
        if answer.is_error:
            raise ValueError(answer.text)
        return answer.json()


class SpeechServer(SpeechControl):
    """A process of its own, on the same ports whenever it is started again, with its state in `state`."""

    def __init__(self, state: Path, audio: Path | str, *options: str) -> None:
        """`audio` is a folder (gs://bucket/key is folder/bucket/key) or the address of a storage emulator."""
        self.port, control_port = free_port(), free_port()
        self.folder = audio if isinstance(audio, Path) else None
        self._audio = audio
        self._command = [sys.executable, "-m", "tests.google_cloud.speech_server"]
        self._command += ["--port", str(self.port), "--control-port", str(control_port), "--state", str(state)]
        self._command += ["--project", PROJECT, "--region", REGION, *options]
        if self.folder:
            self._command += ["--folder", str(audio)]
        self._process: subprocess.Popen[str] | None = None
        super().__init__(control_port)

    @property
    def address(self) -> str:
        """For `grpc.insecure_channel`."""
        return f"127.0.0.1:{self.port}"

    def start(self, *options: str) -> None:
        """Returns when it listens; RuntimeError when it ends before. `options` win over those it was made with."""
        environment = dict(os.environ)
        if not self.folder:
            environment["STORAGE_EMULATOR_HOST"] = str(self._audio)
        self._process = subprocess.Popen(
            [*self._command, *options],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        assert self._process.stdout is not None
        if "is ready" not in self._process.stdout.readline():
            raise RuntimeError(f"The server ended with {self._process.wait()}")

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)
        self.close()

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_SEC)
        except subprocess.TimeoutExpired:  # it waits for its storage
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    def client(self) -> SpeechClient:
        """The real client, on a channel of its own; close it with `client.transport.close()`."""
        options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
        return SpeechClient(transport=SpeechGrpcTransport(channel=grpc.insecure_channel(self.address, options)))


@pytest.fixture(scope="session")
def speech_audio(tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    """Where gs:// leads to."""
    return tmp_path_factory.mktemp("buckets")


@pytest.fixture(scope="session")
def cloud_speech_process(tmp_path_factory: pytest.TempPathFactory, speech_audio: Path | str) -> Iterator[SpeechServer]:
    """The server that all tests share; `cloud_speech` is the same, cleared."""
    state = tmp_path_factory.mktemp("speech") / "operations.sqlite"
    server = SpeechServer(state, speech_audio, "--pace", str(PACE))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cloud_speech(cloud_speech_process: SpeechServer) -> SpeechServer:
    """Speech-to-Text without faults and without operations, quick (`PACE`)."""
    cloud_speech_process.pace(PACE)
    cloud_speech_process.clear()
    return cloud_speech_process
