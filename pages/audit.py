"""Audit (ops): who did what, the newest first; filters are in the address."""

import uuid
from functools import partial
from typing import Any

import streamlit as st

from jobs import audit_view
from jobs.audit_view import AuditPage
from pages import facts, live, viewer
from pages.signed_in import again, person
from store.audit import Action, AuditFilter

ROWS = 50
HEADS = ("When", "Who", "What", "Session or whom", "Detail", "From")
WORDS = {action.value.replace("-", " ").capitalize(): action for action in Action}


def newest() -> None:
    """Another filter: where the page stood means nothing there."""
    st.query_params.pop("before", None)


def chosen_filter() -> AuditFilter | None:
    """None while the session's id is no id."""
    bound: Any = {"bind": "query-params", "on_change": newest}
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        action = st.selectbox("What", list(WORDS), index=None, key="action", placeholder="Anything", **bound)
        actor = st.text_input("Who", key="actor", placeholder="E-mail address", **bound)
        session = st.text_input("Session", key="about", placeholder="Its id", **bound)
    try:
        session_id = uuid.UUID(session.strip()) if session.strip() else None
    except ValueError:
        st.error("That is no session's id: it is in the address of its page.", icon=":material/error:")
        return None
    return AuditFilter(WORDS[action] if action else None, actor.strip() or None, session_id)


def draw(found: AuditPage) -> None:
    if not found.rows:
        st.info("Nothing on record fits.", icon=":material/search_off:")
    else:
        facts.table(
            HEADS,
            [
                (
                    viewer.full(row.at),
                    row.actor_email or row.actor,
                    row.action.replace("-", " "),
                    str(row.session_id or row.target or "–"),
                    row.detail or "–",
                    row.address or "–",
                )
                for row in found.rows
            ],
        )
    with st.container(horizontal=True, horizontal_alignment="center"):
        if st.button("Newest", icon=":material/first_page:", disabled="before" not in st.query_params):
            newest()
            st.rerun()
        if st.button("Older", icon=":material/chevron_right:", disabled=found.next is None) and found.next:
            st.query_params["before"] = str(found.next)
            st.rerun()


def as_csv(which: AuditFilter) -> str:
    return "".join(audit_view.as_csv(again(who), which))


who = person()
st.title("Audit", anchor=False)
st.markdown("Who did what. Rows are added and never changed; they outlive the sessions and accounts they tell of.")
which = chosen_filter()
if which is not None:
    before = st.query_params.get("before", "")
    live.show(draw, audit_view.page, who, which, int(before) if before.isdecimal() else None, ROWS)
    st.download_button(
        "Download as CSV",
        data=partial(as_csv, which),
        file_name="transcript-desk-audit.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
