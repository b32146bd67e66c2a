"""Stalled jobs (ops): what does not move, why, the button that mends it; and the queue and workers below."""

from datetime import datetime
from html import escape

import streamlit as st

from jobs.stalled_board import StalledBoard, StalledSession, stalled_board
from jobs.stopped_engines import StoppedEngine, try_now
from pages import confirm, live, session_buttons, session_card, viewer, workers_and_queue
from pages.plain import plain
from pages.signed_in import person


def draw(board: StalledBoard) -> None:
    if not board.queue.reachable:
        st.error(
            "Redis does not answer. Uploads are safe and wait in Postgres; start Redis.", icon=":material/cloud_off:"
        )
    for engine in board.stopped:
        draw_stopped(engine, board.as_of)
    if not board.sessions and not board.stopped:
        moving = f"{board.processing} processing and {board.pending} waiting, all as they should."
        st.success(f"**Nothing is stalled.** {moving}", icon=":material/check_circle:")
    for session in board.sessions:
        draw_session(session)
    workers_and_queue.draw(board)


def draw_stopped(engine: StoppedEngine, as_of: datetime) -> None:
    stop = engine.stop
    with st.container(border=True, key=f"stopped-{stop.engine}"):
        since, again = (viewer.day_and_time(moment, now=as_of) for moment in (stop.since, stop.next_try_at))
        st.error(f"**{engine.label} is stopped since {since}.** {plain(stop.error_text)}", icon=":material/block:")
        if stop.detail:
            st.code(stop.detail, language=None, wrap_lines=True)
        st.markdown(
            f"**What to do:** `make doctor` names what is wrong and what mends it. Sessions that wait for it: "
            f"{engine.waiting}. They start by themselves; the next try is at {again}."
        )
        confirm.act("Try now", lambda who: try_now(stop.engine, who), key=f"try-{stop.engine}", icon="replay")


def draw_session(session: StalledSession) -> None:
    view = session.view
    with st.container(border=True, key=f"card-{view.session_id}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            session_card.title_link(view)
            colour = "orange" if session.word == "Overdue" else "red"
            st.badge(session.word, icon=":material/report:", color=colour)  # type: ignore[arg-type]
        st.markdown(f"{plain(session.evidence)}  \n**What to do:** {plain(session.advice)}")
        facts = {
            "Progress": f"{view.progress} %, {view.audio_text}",
            "Last heartbeat": session.heartbeat,
            "Worker": session.worker or "–",
            "Postgres says": session.in_postgres,
            "RQ says": session.in_rq,
            "Coach": session.owner,
        }
        st.html(
            '<dl class="known">'
            + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
            + "</dl>"
        )
        with st.container(horizontal=True):
            session_buttons.draw_repair(view)


who = person()
st.title("Stalled jobs", anchor=False)
st.markdown("Sessions that do not move, with the evidence. Lost workers and lost doorbells are mended by themselves.")
live.show(draw, stalled_board, who)
