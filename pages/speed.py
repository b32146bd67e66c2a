"""Speed: how fast sessions are processed, over time and by engine, and how many succeed."""

import streamlit as st

from jobs.durations import roughly
from jobs.speed_view import SpeedView, speed
from pages import accuracy, live, speed_charts, viewer, waits_and_failures
from pages.signed_in import person

LATE_SEC = 20.0  # from which on the page says that its statistics lag
RANGES = {"Day": 1, "Week": 7, "Month": 31, "Year": 366}


def draw(view: SpeedView) -> None:
    if view.late_sec > LATE_SEC and view.as_of is not None:
        st.caption(f"Statistics as of {viewer.exact_time(view.as_of)}; what has ended since is being added.")
    if not view.completed + view.failed + view.cancelled:
        st.info(
            "No session has ended in this time. When one has, its speed is shown here, and estimates learn from it.",
            icon=":material/speed:",
        )
        st.page_link("my_sessions.py", label="Upload a recording", icon=":material/upload:")
        return
    if view.demo:
        are = "is" if view.demo == 1 else "are"
        st.info(
            f"{view.demo} of these sessions {are} **demo data**, which estimates ignore"
            " (`make demo-remove` removes it).",
            icon=":material/science:",
        )
    figures(view)
    if view.paces:
        speeds(view)
    waits_and_failures.draw(view)
    accuracy.draw(view.accuracy)


def speeds(view: SpeedView) -> None:
    st.subheader("Processing speed over time", anchor=False)
    st.caption("Each dot is a completed session: how many seconds of audio were done in a second. Higher is faster.")
    st.altair_chart(
        speed_charts.over_time(view.paces, view.trend), alt="Processing speed over time by engine", key="over-time"
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("By engine", anchor=False)
        st.altair_chart(speed_charts.by_engine(view.engines), alt="Typical speed of each engine", key="by-engine")
    with right:
        st.subheader("Duration and processing time", anchor=False)
        st.altair_chart(speed_charts.durations(view.paces), alt="Minutes of audio and of processing", key="durations")
    if view.cut:
        st.caption(
            f"{len(view.paces):,} of the {view.completed:,} completed sessions are drawn as dots, by chance;"
            " the figures above tell of all."
        )


def figures(view: SpeedView) -> None:
    with st.container(horizontal=True, key="figures"):
        st.metric("Typical speed", f"{view.typical_speed:.1f}x" if view.typical_speed else "–", border=True)
        rate = "–" if view.success_rate is None else f"{view.success_rate:.1%}"
        st.metric("Success rate", rate, border=True, help="Completed of those that completed or failed.")
        st.metric("Completed", f"{view.completed:,}", border=True)
        wait = view.typical_wait_sec
        st.metric("Typical queue wait", "–" if wait is None else roughly(wait), border=True)
        st.metric("Audio transcribed", f"{view.audio_hours:,.1f} h", border=True)


st.title("Speed", anchor=False)
chosen = st.segmented_control(
    "Time range",
    list(RANGES),
    key="range",
    default="Month",
    required=True,
    bind="query-params",
    label_visibility="collapsed",
)
live.show(draw, speed, RANGES[chosen or "Month"], person())
