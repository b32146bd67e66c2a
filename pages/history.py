"""History: sessions, the finished ones unless asked otherwise; filters and order are in the address."""

import streamlit as st

from jobs import history
from jobs.history import HistoryView
from jobs.owners import owner_names
from pages import bulk_bar, history_filters, history_table, live
from pages.signed_in import again, person

ROWS = 25


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
which = history_filters.chosen_filter()
order = history_filters.chosen_order()
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
