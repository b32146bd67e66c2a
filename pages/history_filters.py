"""The filters and the order of history, as they stand in the address."""

from datetime import UTC, datetime, time, timedelta

import streamlit as st

from jobs.engines.registry import engine_label, engine_names
from pages import viewer
from store.history_queries import HistoryFilter, Sort
from store.states import FINAL, LOOKS, Status

STATES = {LOOKS[status].label: status for status in Status}  # none chosen: those that are finished
ORDERS = {
    "Newest first": "-created",
    "Oldest first": "created",
    "Title": "title",
    "Longest recording": "-duration",
    "Longest processing": "-processing",
    "Fastest": "-speed",
    "Slowest": "speed",
}


def first_page() -> None:
    """Another filter or order: what was the page means nothing there."""
    st.query_params.pop("turn", None)


def chosen_filter() -> HistoryFilter:
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        text = st.text_input(
            "Search", key="text", bind="query-params", placeholder="Title or file", on_change=first_page
        )
        engines = {engine_label(name): name for name in engine_names()}
        engine = st.selectbox(
            "Engine",
            list(engines),
            index=None,
            key="engine",
            bind="query-params",
            placeholder="Any",
            on_change=first_page,
        )
        days = st.date_input("Uploaded", value=[], key="uploaded", bind="query-params", on_change=first_page)
        st.selectbox("Sort", list(ORDERS), key="sort", bind="query-params", on_change=first_page)
    states = st.pills(
        "State", list(STATES), selection_mode="multi", key="state", bind="query-params", on_change=first_page
    )
    days = days if isinstance(days, tuple) else (days,)
    return HistoryFilter(
        statuses=frozenset(STATES[label] for label in states) or FINAL,
        engine=engines[engine] if engine else None,
        since=datetime.combine(days[0], time(), viewer.zone()).astimezone(UTC) if days else None,
        until=datetime.combine(days[-1] + timedelta(days=1), time(), viewer.zone()).astimezone(UTC) if days else None,
        text=text,
    )


def chosen_order() -> Sort:
    return Sort.from_word(ORDERS[st.session_state.get("sort") or "Newest first"])
