"""The table of the history page: plain HTML, so that a phone can stack it and a screen reader read it."""

from html import escape

import streamlit as st

from jobs.durations import clock, roughly
from jobs.engines.registry import engine_title
from jobs.history import HistoryView
from jobs.session_view import SessionView
from pages import viewer
from store.states import Status

MARKS = {
    Status.PENDING: "…",
    Status.PROCESSING: "▸",
    Status.COMPLETED: "✓",
    Status.FAILED: "✕",
    Status.CANCELLED: "–",
}
HEADS = ("Session", "State", "Uploaded", "Audio", "Processing", "Speed", "Engine")


def draw(view: HistoryView, coaches: dict[str, str]) -> None:
    """One row a session, its title a link; and whose it is, where `coaches` names some by their owner ids."""
    shown = (*HEADS, "Coach") if coaches else HEADS
    heads = "".join(f"<th>{head}</th>" for head in shown)
    rows = "".join(_row(session, shown, coaches) for session in view.sessions)
    st.html(f'<table class="sessions"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>')


def _row(session: SessionView, heads: tuple[str, ...], coaches: dict[str, str]) -> str:
    title = f'<a href="session?session={session.session_id}" target="_self">{escape(session.title)}</a>'
    state = f'<span class="state {session.look.colour}">{MARKS[session.status]} {session.look.label}</span>'
    if session.status is not Status.COMPLETED:
        state += f" at {session.progress} %"
    cells = [
        title,
        state,
        viewer.day_and_time(session.created_at, now=session.as_of),
        clock(session.duration_total),
        roughly(session.processing_sec) if session.processing_sec else "–",
        f"{session.speed:.1f}x" if session.speed else "–",
        escape(engine_title(session.engine, session.model)),
        *([escape(coaches.get(session.owner, session.owner))] if coaches else []),
    ]
    return (
        "<tr>"
        + "".join(f'<td data-label="{head}">{cell}</td>' for head, cell in zip(heads, cells, strict=True))
        + "</tr>"
    )
