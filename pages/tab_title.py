"""The browser tab's title: how far what is running is."""

from collections.abc import Sequence

import streamlit as st

from jobs.session_view import SessionView
from store.states import Status

PRODUCT = "Transcript Desk"


def show(views: Sequence[SessionView], otherwise: str = PRODUCT) -> None:
    """`42 % · Transcript Desk`: the mean of what is running, or `otherwise` when nothing is."""
    running = [view.progress for view in views if view.status is Status.PROCESSING]
    st.set_page_config(page_title=f"{sum(running) // len(running)} % · {PRODUCT}" if running else otherwise)
