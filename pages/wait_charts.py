"""The charts of how long sessions waited, and of what made attempts fail."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from jobs.engines.registry import statistic_title
from jobs.speed_view import Failed, Pace, Span
from pages.speed_charts import COLOURS, ENGINE, above, local, medians


def waits(paces: Sequence[Pace], trend: Sequence[Span]) -> Any:
    """Dots by the time a session finished; a line for the median of each hour, day or week."""
    waited = [(pace, pace.wait_sec) for pace in paces if pace.wait_sec is not None]
    table = pd.DataFrame(
        {
            "Finished": [local(pace.finished_at) for pace, _ in waited],
            "Engine": [statistic_title(pace.engine) for pace, _ in waited],
            "Wait": [wait_sec / 60 for _, wait_sec in waited],
        }
    )
    dots = (
        alt.Chart(table)
        .mark_point(filled=True, size=45, opacity=0.55)
        .encode(
            x=alt.X("Finished:T", title=None),
            y=alt.Y("Wait:Q", axis=above("minutes in the queue"), scale=alt.Scale(zero=True)),
            color=ENGINE,
            tooltip=["Engine", "Finished:T", alt.Tooltip("Wait:Q", format=".1f")],
        )
    )
    spans = [(span, span.wait_sec / 60) for span in trend if span.wait_sec is not None]
    line = medians([span for span, _ in spans], [minutes for _, minutes in spans], above("minutes in the queue"))
    return (line + dots).properties(height=260)


def failures(found: Sequence[Failed]) -> Any:
    """How many attempts failed on each day, by cause."""
    table = pd.DataFrame(
        {
            "Day": [local(one.start) for one in found],
            "Cause": [cause(one) for one in found],
            "Attempts": [one.number for one in found],
        }
    )
    return (
        alt.Chart(table)
        .mark_bar()
        .encode(
            x=alt.X(
                "yearmonthdate(Day):T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, tickCount="day")
            ),
            y=alt.Y("sum(Attempts):Q", axis=above("attempts that failed", tickMinStep=1)),
            color=alt.Color("Cause:N", scale=COLOURS, legend=alt.Legend(orient="top", title=None, columns=2)),
            tooltip=[
                "Cause",
                alt.Tooltip("yearmonthdate(Day):T", title="Day"),
                alt.Tooltip("sum(Attempts)", title="Attempts"),
            ],
        )
        .properties(height=260)
    )


def cause(failed: Failed) -> str:
    """The error's code as words: `Recognition failed`."""
    return failed.error_code.replace("-", " ").capitalize()
