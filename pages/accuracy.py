"""The accuracy part of the speed page: how often estimates were right."""

from html import escape

import streamlit as st

from jobs.accuracy_view import AccuracyView, Row
from pages import accuracy_charts


def draw(view: AccuracyView) -> None:
    st.subheader("Accuracy of estimates", anchor=False)
    if view.overall is None:
        st.info(
            "No estimate has been scored in this time. Each one is kept as it was shown, and scored when its session "
            "is completed.",
            icon=":material/target:",
        )
        return
    overall = view.overall
    st.caption(
        "Every estimate is kept as it was shown, at submission and on the way, and compared with when the session was "
        "really ready. An interval should hold 8 times out of 10."
    )
    with st.container(horizontal=True, key="accuracy-figures"):
        st.metric(
            "Typical error", f"{overall.median_error:.0%}", border=True, help="Median, of the time that was left."
        )
        held = "–" if overall.coverage is None else f"{overall.coverage:.0%}"
        st.metric("Intervals that held", held, border=True, help=f"Of {overall.intervals:,}; 80 % is what is promised.")
        st.metric("Bias", _bias(overall.bias), border=True, help="Later: sessions took longer than estimated.")
        st.metric("Estimates scored", f"{overall.estimates:,}", border=True)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**By how much was done**")
        st.altair_chart(accuracy_charts.by_point(view.rows), alt="Typical error by fraction done", key="error-by-point")
    with right:
        st.markdown("**Over time**")
        st.altair_chart(accuracy_charts.over_time(view.trend), alt="Typical error over time", key="error-by-day")
    st.html(_table(view.rows))


def _table(rows: list[Row]) -> str:
    heads = ["Engine", "Estimated", "Typical error", "Intervals that held", "Bias", "Estimates"]
    cells = [
        [
            row.engine,
            row.point,
            f"{row.accuracy.median_error:.0%}",
            "–" if row.accuracy.coverage is None else f"{row.accuracy.coverage:.0%} of {row.accuracy.intervals:,}",
            _bias(row.accuracy.bias),
            f"{row.accuracy.estimates:,}",
        ]
        for row in rows
    ]
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(
        "<tr>"
        + "".join(f'<td data-label="{name}">{escape(cell)}</td>' for name, cell in zip(heads, line, strict=True))
        + "</tr>"
        for line in cells
    )
    return f'<table class="sessions"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _bias(bias: float) -> str:
    if abs(bias) < 0.005:
        return "none"
    return f"{abs(bias):.0%} {'later' if bias > 0 else 'earlier'}"
