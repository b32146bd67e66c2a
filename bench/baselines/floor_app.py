"""`uvicorn bench.baselines.floor_app:app`: what a refresh costs in Streamlit itself, beside the live page."""

from pathlib import Path

import streamlit as st

app = st.App(Path(__file__).with_name("floor_page.py"))
