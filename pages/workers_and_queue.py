"""Workers and queue: how many are alive, what waits, and the way to rq-dashboard."""

from datetime import datetime
from html import escape

import streamlit as st

from jobs.durations import ago
from jobs.stalled_board import StalledBoard
from store.settings import settings

BROKEN_OFF = "Jobs whose work-horse was killed, in the last day. Their sessions went on by themselves: nothing to do."


def draw(board: StalledBoard) -> None:
    st.subheader("Workers and queue", anchor=False)
    queue = board.queue
    with st.container(horizontal=True, key="figures"):
        st.metric("Workers alive", len(queue.workers), border=True)
        st.metric("Busy", queue.busy, border=True)
        st.metric("Sessions waiting", board.pending, border=True)
        st.metric("Doorbells in the queue", queue.waiting_jobs, border=True)
        st.metric("Broken-off RQ jobs", queue.failed_jobs, border=True, help=BROKEN_OFF)
    rows = "".join(
        f'<tr><td data-label="Worker">{escape(worker.name)}</td><td data-label="State">{escape(worker.state)}</td>'
        f'<td data-label="Last seen">{_seen(board, worker.last_heartbeat)}</td></tr>'
        for worker in queue.workers
    )
    if rows:
        head = "<thead><tr><th>Worker</th><th>State</th><th>Last seen</th></tr></thead>"
        st.html(f'<table class="sessions">{head}<tbody>{rows}</tbody></table>')
    st.link_button("Queue health (rq-dashboard)", settings().rq_dashboard_link, icon=":material/monitoring:")


def _seen(board: StalledBoard, heartbeat: datetime | None) -> str:
    return "–" if heartbeat is None else ago(max((board.as_of - heartbeat).total_seconds(), 0.0))
