"""The browser tab's title: how far what is running is."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from jobs.session_view import SessionView
from store.states import Status

FRONTEND = Path(__file__).resolve().parent / "frontend"
PRODUCT = "Transcript Desk"
TOLD = "tab-title"  # what the browser was told since the whole page was drawn


def begin() -> None:
    """The product's name, until the page says more."""
    st.set_page_config(page_title=PRODUCT, page_icon=FRONTEND / "icon.svg", layout="wide")
    st.session_state[TOLD] = PRODUCT


def show(views: Sequence[SessionView], otherwise: str = PRODUCT) -> None:
    """`42 % · Transcript Desk`: the mean of what is running, or `otherwise` when nothing is."""
    running = [view.progress for view in views if view.status is Status.PROCESSING]
    title = f"{sum(running) // len(running)} % · {PRODUCT}" if running else otherwise
    if st.session_state.get(TOLD) != title:
        st.set_page_config(page_title=title)
        st.session_state[TOLD] = title
