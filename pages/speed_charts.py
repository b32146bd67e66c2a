"""The charts of the speed page. Titles of the y axis lie flat above it, where a phone has room for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import altair as alt
import pandas as pd

from jobs.engines.registry import statistic_title
from jobs.speed_view import Pace, Span, Spread
from pages import viewer

COLOURS = alt.Scale(range=["#0f8f88", "#c2751a", "#3a6ea5", "#8a5aa8"])
ENGINE = alt.Color("Engine:N", scale=COLOURS, legend=alt.Legend(orient="top", title=None))
DATA = alt.Shape("Data:N", legend=None, scale=alt.Scale(domain=["measured", "demo"], range=["circle", "diamond"]))


def over_time(paces: Sequence[Pace], trend: Sequence[Span]) -> Any:
    """Dots by the time a session finished; a line for the median of each hour, day or week."""
    dots = (
        alt.Chart(_table(paces))
        .mark_point(filled=True, size=45, opacity=0.55)
        .encode(
            x=alt.X("Finished:T", title=None),
            y=alt.Y("Speed:Q", axis=above("times real time"), scale=alt.Scale(zero=True)),
            color=ENGINE,
            shape=DATA,
            tooltip=["Engine", "Data", "Finished:T", alt.Tooltip("Speed:Q", format=".1f")],
        )
    )
    spans = [span for span in trend if span.speed is not None]
    return (medians(spans, [span.speed for span in spans], above("times real time")) + dots).properties(height=280)


def medians(spans: Sequence[Span], values: Sequence[float | None], axis: alt.Axis) -> Any:
    """A line an engine through what was typical."""
    table = pd.DataFrame(
        {
            "Finished": [local(span.start) for span in spans],
            "Engine": [statistic_title(span.engine) for span in spans],
            "Typical": values,
        }
    )
    return (
        alt.Chart(table)
        .mark_line(opacity=0.8, interpolate="monotone")
        .encode(x=alt.X("Finished:T", title=None), y=alt.Y("Typical:Q", axis=axis), color=ENGINE)
    )


def by_engine(engines: Sequence[Spread]) -> Any:
    """The median of each engine, and where the middle half lies."""
    table = pd.DataFrame(
        {
            "Engine": [statistic_title(one.engine) for one in engines],
            "Low": [one.low for one in engines],
            "Typical": [one.typical for one in engines],
            "High": [one.high for one in engines],
            "Sessions": [one.sessions for one in engines],
        }
    )
    base = alt.Chart(table).encode(y=alt.Y("Engine:N", title=None, axis=alt.Axis(labelLimit=180)))
    colour = alt.Color("Engine:N", scale=COLOURS, legend=None)
    middle_half = base.mark_rule(size=10, opacity=0.3).encode(
        x=alt.X("Low:Q", title="times real time", scale=alt.Scale(zero=True)), x2="High:Q", color=colour
    )
    typical = base.mark_tick(thickness=3, size=22).encode(
        x="Typical:Q", color=colour, tooltip=["Engine", alt.Tooltip("Typical:Q", format=".1f"), "Sessions"]
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


def above(title: str, **more: Any) -> alt.Axis:
    """A y axis whose title lies flat above it. Its numbers are plain without a `format`; an empty one writes 1e+1."""
    return alt.Axis(title=title, titleAngle=0, titleAlign="left", titleX=-28, titleY=-8, **more)


def local(moment: datetime) -> datetime:
    """As the viewer's clock has it; charts know no time zones."""
    return moment.astimezone(viewer.zone()).replace(tzinfo=None)


def _table(paces: Sequence[Pace]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Finished": [local(pace.finished_at) for pace in paces],
            "Engine": [statistic_title(pace.engine) for pace in paces],
            "Data": ["demo" if pace.demo else "measured" for pace in paces],
            "Speed": [pace.speed for pace in paces],
            "Audio": [pace.audio_sec / 60 for pace in paces],
            "Processing": [pace.processing_sec / 60 for pace in paces],
        }
    )
