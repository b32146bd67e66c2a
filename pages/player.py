"""The recording's player and the transcript whose times and words seek it."""

import uuid
from pathlib import Path

import streamlit as st

from jobs.transcript_view import content
from store.transcript_queries import Line

FRONTEND = Path(__file__).resolve().parent / "frontend"
_player = st.components.v2.component(
    "player",
    html=(FRONTEND / "player.html").read_text(),
    css=(FRONTEND / "player.css").read_text(),
    js=(FRONTEND / "player.js").read_text(),
)


def draw(session_id: uuid.UUID, title: str, engine: str, lines: list[Line]) -> None:
    """The audio element, streamed with ranges by the API, and one row a line."""
    _player(
        key=f"player-{session_id}",
        data={
            "address": f"api/v1/sessions/{session_id}/audio",
            "label": f"Recording of {title}",
            **content(lines, engine),
        },
    )
