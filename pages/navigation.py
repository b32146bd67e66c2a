"""The frame around every page: navigation, style, and what to show while the database is away."""

from pathlib import Path

import streamlit as st

from pages import confirm, live, tab_title
from pages.readings import DatabaseAway

HERE = Path(__file__).resolve().parent
FRONTEND = HERE / "frontend"

st.set_page_config(page_title=tab_title.PRODUCT, page_icon=FRONTEND / "icon.svg", layout="wide")
st.logo(FRONTEND / "icon.svg", size="large")
st.html(FRONTEND / "style.css")
page = st.navigation(
    [
        st.Page(HERE / "my_sessions.py", title="My sessions", icon=":material/mic:", default=True),
        st.Page(HERE / "session.py", title="Session", icon=":material/description:", visibility="hidden"),
        st.Page(HERE / "history.py", title="History", icon=":material/history:"),
        st.Page(HERE / "speed.py", title="Speed", icon=":material/speed:"),
        st.Page(HERE / "stalled.py", title="Stalled jobs", icon=":material/report:"),
        st.Page(HERE / "help.py", title="Help", icon=":material/help:"),
    ],
    position="top",
)
try:
    page.run()
except DatabaseAway:
    live.wait_for_database()
confirm.say_and_ask()
