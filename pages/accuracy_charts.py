"""The charts of how good estimates were."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from jobs.accuracy_view import Row, Span
from pages.speed_charts import ENGINE, above, local


def by_point(rows: Sequence[Row]) -> Any:
    """The typical error at each point of a session's life, one line an engine."""
    points = list(dict.fromkeys(row.point for row in rows))
    table = pd.DataFrame(
        {
            "Engine": [row.engine for row in rows],
            "Estimated": [row.point for row in rows],
            "Error": [row.accuracy.median_error for row in rows],
            "Estimates": [row.accuracy.estimates for row in rows],
        }
    )
    return (
        alt.Chart(table)
        .mark_line(point=True, interpolate="monotone")
        .encode(
            x=alt.X("Estimated:N", title=None, sort=points, axis=alt.Axis(labelAngle=-40)),
            y=alt.Y("Error:Q", axis=above("typical error", format="%"), scale=alt.Scale(zero=True)),
            color=ENGINE,
            tooltip=["Engine", "Estimated", alt.Tooltip("Error:Q", format=".0%"), "Estimates"],
        )
        .properties(height=260)
    )


def over_time(spans: Sequence[Span]) -> Any:
    """The typical error of each hour, day or week, one line an engine."""
    table = pd.DataFrame(
        {
            "Time": [local(span.start) for span in spans],
            "Engine": [span.engine for span in spans],
            "Error": [span.accuracy.median_error for span in spans],
            "Held": [span.accuracy.coverage for span in spans],
        }
    )
    return (
        alt.Chart(table)
        .mark_line(point=True, interpolate="monotone")
        .encode(
            x=alt.X("Time:T", title=None),
            y=alt.Y("Error:Q", axis=above("typical error", format="%"), scale=alt.Scale(zero=True)),
            color=ENGINE,
            tooltip=["Engine", "Time:T", alt.Tooltip("Error:Q", format=".0%"), alt.Tooltip("Held:Q", format=".0%")],
        )
        .properties(height=260)
    )
