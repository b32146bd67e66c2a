"""Fixtures of the tests that run the product's own processes."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.instruments.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, new_session: Callable[..., uuid.UUID]) -> Iterator[Desk]:
    """Workers and reconcilers that a test starts; all are gone after it."""
    started = Desk(tmp_path, new_session)
    yield started
    started.end()
