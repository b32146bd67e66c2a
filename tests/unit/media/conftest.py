"""Limits for one test, and what a decoded file holds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

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
