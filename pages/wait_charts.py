"""The charts of how long sessions waited, and of what made attempts fail."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from jobs.engines.registry import engine_label
from pages import viewer
from pages.speed_charts import COLOURS, ENGINE, above
from store.stage_queries import Failure, Stages


def waits(stages: Sequence[Stages]) -> Any:
    """Dots by the time a session finished; a line for the median of each day."""
    table = pd.DataFrame(
        {
            "Finished": [_local(one.finished_at) for one in stages],
            "Engine": [engine_label(one.engine) for one in stages],
            "Wait": [one.wait_sec / 60 for one in stages],
        }
    )
    base = alt.Chart(table)
    dots = base.mark_point(filled=True, size=45, opacity=0.55).encode(
        x=alt.X("Finished:T", title=None),
        y=alt.Y("Wait:Q", axis=above("minutes in the queue"), scale=alt.Scale(zero=True)),
        color=ENGINE,
        tooltip=["Engine", "Finished:T", alt.Tooltip("Wait:Q", format=".1f")],
    )
    line = base.mark_line(opacity=0.8, interpolate="monotone").encode(
        x=alt.X("yearmonthdate(Finished):T", title=None),
        y=alt.Y("median(Wait):Q", axis=above("minutes in the queue")),
        color=ENGINE,
    )
    return (line + dots).properties(height=260)


def failures(found: Sequence[Failure]) -> Any:
    """How many attempts failed on each day, by cause."""
    table = pd.DataFrame(
        {
            "Day": [_local(one.at) for one in found],
            "Cause": [cause(one) for one in found],
        }
    )
    return (
        alt.Chart(table)
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(Day):T", title=None),
            y=alt.Y("count():Q", axis=above("attempts that failed")),
            color=alt.Color("Cause:N", scale=COLOURS, legend=alt.Legend(orient="top", title=None, columns=2)),
            tooltip=[
                "Cause",
                alt.Tooltip("yearmonthdate(Day):T", title="Day"),
                alt.Tooltip("count()", title="Attempts"),
            ],
        )
        .properties(height=260)
    )


def cause(failure: Failure) -> str:
    """The error's code as words: `Recognition failed`."""
    return failure.error_code.replace("-", " ").capitalize()


def _local(moment: Any) -> Any:
    return moment.astimezone(viewer.zone()).replace(tzinfo=None)
