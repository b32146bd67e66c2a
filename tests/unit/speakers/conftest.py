"""The real speaker encoder, where its weights are installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from jobs.speakers.encoder import Encoder


@pytest.fixture(scope="session")
def weights() -> Path:
    found = find_spec("resemblyzer")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the speaker encoder's weights are not installed")
    return Path(found.submodule_search_locations[0]) / "pretrained.pt"


@pytest.fixture(scope="session")
def encoder(weights: Path) -> Encoder:
    return Encoder(weights)
