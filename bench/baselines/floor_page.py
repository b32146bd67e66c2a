"""The least that Streamlit can refresh: one fragment with one line, as often as the live page."""

import streamlit as st

from store.settings import settings


@st.fragment(run_every=settings().refresh_sec)
def refresh() -> None:
    st.html("<p>As of now</p>")


refresh()
