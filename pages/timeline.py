"""A session's past: its attempts as a chart and a table, and its history line by line."""

from datetime import datetime
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from jobs.cards import Detail
from jobs.durations import roughly
from pages import facts, viewer
from store.states import LOOKS
from store.timeline_queries import AttemptRow

STAGES = {"Waiting": "#8fa9c4", "Preparing": "#d9b36c", "Transcribing": "#2f9e98", "Speakers": "#8a5aa8"}


def draw(detail: Detail) -> None:
    """The chart where there was an attempt, then both tables."""
    now = detail.record.now
    if detail.attempts:
        st.subheader("Attempts", anchor=False)
        st.altair_chart(_chart(detail.attempts, now), alt=_in_words(detail.attempts, now), key="attempts")
        facts.table(
            ["Attempt", "Outcome", "Started by", "Worker", "Waited", "Took", "Error"],
            [
                [
                    str(row.number),
                    row.outcome or "running",
                    row.started_by,
                    row.worker,
                    roughly((row.started_at - row.queued_at).total_seconds()),
                    roughly(((row.finished_at or now) - row.started_at).total_seconds()),
                    row.error_text or "–",
                ]
                for row in detail.attempts
            ],
        )
    st.subheader("History", anchor=False)
    facts.table(
        ["When", "State", "%", "Message", "By"],
        [
            [
                viewer.full(row.created_at),
                LOOKS[row.status].label,
                str(row.progress),
                f"{row.message}: {row.detail}" if row.detail else row.message,
                row.actor,
            ]
            for row in reversed(detail.history)
        ],
    )


def stages(row: AttemptRow, now: datetime) -> list[tuple[str, datetime, datetime]]:
    """(stage, from, to) of an attempt; a stage that has not begun is left out."""
    end = row.finished_at or now
    prepared = row.prepared_at or end
    found = [("Waiting", row.queued_at, row.started_at), ("Preparing", row.started_at, prepared)]
    if row.prepared_at:
        found.append(("Transcribing", prepared, row.speakers_at or end))
    if row.speakers_at:
        found.append(("Speakers", row.speakers_at, row.recognised_at or end))
    return found


def _chart(attempts: list[AttemptRow], now: datetime) -> Any:
    bars = pd.DataFrame(
        [
            {
                "Attempt": f"Attempt {row.number}",
                "Stage": stage,
                "From": start.astimezone(viewer.zone()).replace(tzinfo=None),
                "To": end.astimezone(viewer.zone()).replace(tzinfo=None),
                "Length": roughly((end - start).total_seconds()),
            }
            for row in attempts
            for stage, start, end in stages(row, now)
        ]
    )
    return (
        alt.Chart(bars)
        .mark_bar(cornerRadius=3, height=16)
        .encode(
            x=alt.X("From:T", title=None, axis=alt.Axis(format="%H:%M:%S", labelOverlap=True, tickCount=5)),
            x2="To:T",
            y=alt.Y("Attempt:N", title=None, sort=None),
            color=alt.Color(
                "Stage:N",
                scale=alt.Scale(domain=list(STAGES), range=list(STAGES.values())),
                legend=alt.Legend(orient="top", title=None),
            ),
            tooltip=["Attempt", "Stage", "Length"],
        )
        .properties(height=90 + 30 * len(attempts))
    )


def _in_words(attempts: list[AttemptRow], now: datetime) -> str:
    return "; ".join(
        f"attempt {row.number}: "
        + ", ".join(
            f"{stage.lower()} {roughly((end - start).total_seconds())}" for stage, start, end in stages(row, now)
        )
        for row in attempts
    )
