"""Limits for one test, readers in the sandbox, and what a decoded file holds."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from jobs.media import sandbox
from store.settings import Settings


@pytest.fixture
def set_limits(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Replaces the settings that probing and decoding see."""

    def replace(**limits: Any) -> Settings:
        changed = Settings(**limits)
        monkeypatch.setattr("jobs.media.probe.settings", lambda: changed)
        monkeypatch.setattr("jobs.media.decode.settings", lambda: changed)
        return changed

    return replace


@pytest.fixture
def samples_of() -> Callable[[Path], npt.NDArray[np.int16]]:
    return lambda pcm: np.fromfile(pcm, dtype="<i2")


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Runs the given lines as the body of a sandboxed reader."""

    def run(body: str, **limits: float) -> dict[str, Any]:
        lines = textwrap.indent(textwrap.dedent(body), "    ")
        (tmp_path / "reader_of_this_test.py").write_text(f"def read_in_sandbox(recording, request):\n{lines}\n")
        bare = sandbox._bare_environment
        environment = {"PYTHONPATH": f"{sandbox.PROJECT}:{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"}
        monkeypatch.setattr(sandbox, "_bare_environment", lambda: bare() | environment)
        return sandbox.read("reader_of_this_test", tmp_path / "x", {}, **({"memory_mb": 256, "cpu_sec": 20} | limits))

    return run
