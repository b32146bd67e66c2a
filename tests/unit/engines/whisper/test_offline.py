"""Nothing dials out: the engine loads and hears with the network cut, and asks for no socket while it does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.engines.whisper import weights
from jobs.errors import EngineUnavailable
from tests.instruments.whisper_places import restart

PROJECT = Path(__file__).parents[4]
LOADS = """
import socket, sys
from jobs.engines.whisper import weights

def refused(*arguments, **_):
    sys.exit(f"a connection was asked for: {arguments}")

class Guarded(socket.socket):
    def connect(self, address):
        return super().connect(address) if self.family == socket.AF_UNIX else refused(address)
    connect_ex = sendto = connect

socket.socket = Guarded
socket.getaddrinfo = socket.gethostbyname = refused

weights.stay_offline()
import numpy, faster_whisper
from faster_whisper.vad import get_speech_timestamps
import huggingface_hub.constants
assert huggingface_hub.constants.HF_HUB_OFFLINE
model = faster_whisper.WhisperModel(
    str(weights.find().folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
)
silence = numpy.zeros(16_000, dtype=numpy.float32)
assert get_speech_timestamps(silence) == []
list(model.transcribe(silence, language="en", beam_size=1, temperature=0.0)[0])
print("heard")
"""


def test_the_engine_loads_and_hears_without_a_network(tmp_path: Path) -> None:
    restart()
    try:
        weights.find()
    except EngineUnavailable as missing:
        pytest.skip(str(missing))
    cut = ["unshare", "-n"]
    if not (
        shutil.which("unshare") and subprocess.run([*cut, "true"], capture_output=True, check=False).returncode == 0
    ):
        cut = []  # the guard inside sees what Python asks for
    ran = subprocess.run(
        [*cut, sys.executable, "-c", LOADS],
        cwd=PROJECT,
        env=os.environ | {"HF_HOME": str(tmp_path), "VAR_DIR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "heard\n"), ran.stderr
    assert not (tmp_path / "hub").exists()
