"""How long sessions waited in the queue, and what attempts failed of."""

from collections import Counter

import streamlit as st

from jobs.speed_view import SpeedView
from pages import wait_charts
from pages.plain import plain


def draw(view: SpeedView) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Queue wait", anchor=False)
        if view.typical_wait_sec is not None:
            st.altair_chart(
                wait_charts.waits(view.paces, view.trend), alt="Minutes in the queue over time", key="waits"
            )
        else:
            st.caption("No session was completed in this time.")
    with right:
        st.subheader("Failures by cause", anchor=False)
        if view.failures:
            causes: Counter[str] = Counter()
            for failed in view.failures:
                causes[wait_charts.cause(failed)] += failed.number
            st.altair_chart(wait_charts.failures(view.failures), alt="Failed attempts a day by cause", key="failures")
            st.caption(" · ".join(f"{plain(cause)}: {number:,}" for cause, number in causes.most_common()))
        else:
            st.caption("No attempt failed in this time.")
