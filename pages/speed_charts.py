"""The charts of the speed page. Titles of the y axis lie flat above it, where a phone has room for them."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from jobs.engines.registry import engine_label
from pages import viewer
from store.speed_queries import Pace

COLOURS = alt.Scale(range=["#0f8f88", "#c2751a", "#3a6ea5", "#8a5aa8"])
ENGINE = alt.Color("Engine:N", scale=COLOURS, legend=alt.Legend(orient="top", title=None))
DATA = alt.Shape("Data:N", legend=None, scale=alt.Scale(domain=["measured", "demo"], range=["circle", "diamond"]))


def over_time(paces: Sequence[Pace]) -> Any:
    """Dots by the time a session finished; a line for the median of each day."""
    base = alt.Chart(_table(paces))
    dots = base.mark_point(filled=True, size=45, opacity=0.55).encode(
        x=alt.X("Finished:T", title=None),
        y=alt.Y("Speed:Q", axis=above("times real time"), scale=alt.Scale(zero=True)),
        color=ENGINE,
        shape=DATA,
        tooltip=["Engine", "Data", "Finished:T", alt.Tooltip("Speed:Q", format=".1f")],
    )
    line = base.mark_line(opacity=0.8, interpolate="monotone").encode(
        x=alt.X("yearmonthdate(Finished):T", title=None),
        y=alt.Y("median(Speed):Q", axis=above("times real time")),
        color=ENGINE,
    )
    return (line + dots).properties(height=280)


def by_engine(paces: Sequence[Pace]) -> Any:
    """The median of each engine, and where the middle half lies."""
    base = alt.Chart(_table(paces)).encode(y=alt.Y("Engine:N", title=None, axis=alt.Axis(labelLimit=180)))
    middle_half = base.mark_rule(size=10, opacity=0.3).encode(
        x=alt.X("q1(Speed):Q", title="times real time", scale=alt.Scale(zero=True)),
        x2="q3(Speed):Q",
        color=alt.Color("Engine:N", scale=COLOURS, legend=None),
    )
    typical = base.mark_tick(thickness=3, size=22).encode(
        x="median(Speed):Q",
        color=alt.Color("Engine:N", scale=COLOURS, legend=None),
        tooltip=["Engine", alt.Tooltip("median(Speed):Q", format=".1f"), alt.Tooltip("count()", title="Sessions")],
    )
    return (middle_half + typical).properties(height=200)


def durations(paces: Sequence[Pace]) -> Any:
    """Minutes of audio against minutes of processing."""
    return (
        alt.Chart(_table(paces))
        .mark_point(filled=True, size=45, opacity=0.55)
        .encode(
            x=alt.X("Audio:Q", title="minutes of audio"),
            y=alt.Y("Processing:Q", axis=above("minutes of processing")),
            color=ENGINE,
            shape=DATA,
            tooltip=["Engine", "Data", alt.Tooltip("Audio:Q", format=".1f"), alt.Tooltip("Processing:Q", format=".1f")],
        )
        .properties(height=280)
    )


def above(title: str, format: str = "") -> alt.Axis:
    """A y axis whose title lies flat above it; `format` is d3's, for its numbers."""
    return alt.Axis(title=title, titleAngle=0, titleAlign="left", titleX=-28, titleY=-8, format=format)


def _table(paces: Sequence[Pace]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Finished": [pace.finished_at.astimezone(viewer.zone()).replace(tzinfo=None) for pace in paces],
            "Engine": [engine_label(pace.engine) for pace in paces],
            "Data": ["demo" if pace.demo else "measured" for pace in paces],
            "Speed": [pace.speed for pace in paces],
            "Audio": [pace.audio_sec / 60 for pace in paces],
            "Processing": [pace.processing_sec / 60 for pace in paces],
        }
    )
