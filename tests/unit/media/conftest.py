"""Limits for one test, readers in the sandbox, and what a decoded file holds."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from jobs.media import fork_server, sandbox
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
def own_fork_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fork server of this test's own, whose children find modules in `tmp_path` too."""
    bare = fork_server.bare_environment()
    environment = {"PYTHONPATH": f"{fork_server.PROJECT}:{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"}
    monkeypatch.setattr(fork_server, "bare_environment", lambda: bare | environment)
    monkeypatch.setattr(fork_server, "_current", None)
    yield
    fork_server.forget(fork_server.current())


@pytest.fixture
def reader(tmp_path: Path, own_fork_server: None) -> Callable[..., dict[str, Any]]:
    """Runs the given lines as the body of a sandboxed reader."""

    def run(body: str, on_progress: sandbox.Report | None = None, **limits: float) -> dict[str, Any]:
        lines = textwrap.indent(textwrap.dedent(body), "    ")
        (tmp_path / "reader_of_this_test.py").write_text(f"def read_in_sandbox(recording, request):\n{lines}\n")
        limits = {"memory_mb": 256, "cpu_sec": 20} | limits
        return sandbox.read("reader_of_this_test", tmp_path / "x", {}, on_progress=on_progress, **limits)

    return run
