"""Why is it slow? One bar of where a session's time went, and the same in words."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from jobs.breakdown import Part, in_words
from jobs.cards import Detail
from jobs.durations import roughly

STAGES = {
    "Upload": "#b0a4c8",
    "Queue": "#8fa9c4",
    "Preparation": "#d9b36c",
    "Recognition": "#2f9e98",
    "Speakers": "#8a5aa8",
    "Saving": "#7a8b6f",
}


def draw(detail: Detail) -> None:
    """Nothing before there is anything to show."""
    if not detail.parts:
        return
    st.subheader("Why is it slow?", anchor=False)
    words = "; ".join(part.text for part in detail.parts)
    st.altair_chart(_chart(detail.parts), alt=f"Where the time went: {words}", key="breakdown")
    st.markdown(f"{words[0].upper()}{words[1:]}. {in_words(detail.parts)}")


def _chart(parts: Sequence[Part]) -> Any:
    table = pd.DataFrame(
        [
            {"Bar": bar, "Stage": part.stage, "Order": order, "Seconds": sec, "Length": roughly(sec)}
            for order, part in enumerate(parts)
            for bar, sec in (("This session", part.sec), ("Usually", part.usual_sec))
            if sec is not None
        ]
    )
    return (
        alt.Chart(table)
        .mark_bar(cornerRadius=2, height=18)
        .encode(
            x=alt.X("Seconds:Q", title="seconds", stack="zero"),
            y=alt.Y("Bar:N", title=None, sort=None),
            color=alt.Color(
                "Stage:N",
                scale=alt.Scale(domain=list(STAGES), range=list(STAGES.values())),
                legend=alt.Legend(orient="top", title=None, columns=3),
            ),
            order="Order:Q",
            tooltip=["Bar", "Stage", "Length"],
        )
        .properties(height=130 + 40 * table["Bar"].nunique())  # legend and axis take their part of it
    )
