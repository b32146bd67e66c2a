"""Pages as Streamlit runs them, without a browser."""

from collections.abc import Iterator

import pytest

from jobs.readings import readings


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Readings are shared by all viewers of a process; here each test is a process of its own."""
    readings.cache_clear()
    yield
    readings.cache_clear()
