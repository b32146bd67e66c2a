"""Pages as Streamlit runs them, without a browser."""

from collections.abc import Iterator

import pytest
import streamlit as st


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Readings are shared by all viewers of a process; here each test is a process of its own."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()
