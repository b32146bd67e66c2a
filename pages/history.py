"""History: sessions, the finished ones unless asked otherwise; filters and order are in the address."""

from datetime import UTC, datetime, time, timedelta

import streamlit as st

from jobs import history
from jobs.engines.registry import engine_label, engine_names
from jobs.history import HistoryView
from jobs.owners import owner_names
from pages import bulk_bar, history_table, live, viewer
from pages.signed_in import again, person
from store.history_queries import HistoryFilter, Sort
from store.states import FINAL, LOOKS, Status

ROWS = 25
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


def draw(view: HistoryView) -> None:
    if not view.sessions:
        st.info("No session fits. Change the filters, or upload a recording.", icon=":material/search_off:")
        return
    st.caption(f"{view.count.text} session{'' if view.count.text == '1' else 's'}")
    history_table.draw(view, live.ask(owner_names, reader, frozenset(session.owner for session in view.sessions)))
    with st.container(horizontal=True, horizontal_alignment="center"):
        turn("Previous", ":material/chevron_left:", view.previous)
        turn("Next", ":material/chevron_right:", view.next)
    bulk_bar.draw(view, which, reader)


def turn(label: str, icon: str, cursor: str | None) -> None:
    if st.button(label, icon=icon, disabled=cursor is None, key=f"turn-{label}") and cursor:
        st.query_params["turn"] = cursor
        st.rerun()


st.title("History", anchor=False)
which = chosen_filter()
order = Sort.from_word(ORDERS[st.session_state.get("sort") or "Newest first"])
reader = person()
live.show(draw, history.page, reader, which, order, st.query_params.get("turn"), ROWS)
st.download_button(
    "Download as CSV",
    data=lambda: "".join(history.as_csv(again(reader), which)),
    file_name="transcript-desk-history.csv",
    mime="text/csv",
    icon=":material/download:",
    on_click="ignore",
)
