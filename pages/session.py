"""One session by its link (`?session=<id>`): its card, words, transcript, past and facts."""

import uuid

import streamlit as st

from jobs.cards import Detail, detail, lines
from jobs.owners import owner_names
from jobs.transcript_view import voices
from pages import (
    breakdown,
    downloads,
    live,
    player,
    retention,
    session_card,
    session_facts,
    speakers,
    tab_title,
    timeline,
)
from pages.plain import plain
from pages.signed_in import person
from store.states import Status


def draw_card(found: Detail | None) -> None:
    if found is None or found.card.view.status is not shown_as:
        st.rerun()  # finished, retried or deleted meanwhile: the page below changes too
    view = found.card.view
    tab_title.show([view], otherwise=f"{view.title} · {tab_title.PRODUCT}")
    session_card.draw(found.card)
    retention.draw(view)
    if found.card.words and view.status is not Status.COMPLETED:
        st.subheader("Words so far", anchor=False)
        session_card.transcript_lines(found.card.words)


def draw_past(found: Detail | None) -> None:
    if found is not None:
        breakdown.draw(found)
        timeline.draw(found)
        session_facts.draw(found, whose)


def transcript(found: Detail) -> None:
    st.subheader("Transcript", anchor=False)
    if found.card.view.transcript_deleted_at:
        st.info("The transcript was deleted, as is set for this desk.", icon=":material/auto_delete:")
        return
    downloads.draw(found.record, who)
    words = live.ask(lines, found.record.id, who)
    if not words:
        st.info("Nobody is heard to speak in this recording.", icon=":material/volume_off:")
    speakers.draw(found.record, voices(words))
    player.draw(found.record.id, found.record.title, found.record.engine, words)


def unknown() -> None:
    st.title("This session is not here")
    st.markdown("The link may be incomplete, or the session was deleted.")
    st.page_link("my_sessions.py", label="My sessions", icon=":material/mic:")


def asked_for() -> Detail | None:
    try:
        session_id = uuid.UUID(st.query_params.get("session", ""))
    except ValueError:
        return None
    return live.ask(detail, session_id, who)


who = person()
session = asked_for()
if session is None:
    unknown()
else:
    shown_as = session.record.status
    st.page_link("my_sessions.py", label="My sessions", icon=":material/arrow_back:")
    st.title(plain(session.record.title), anchor=False)
    owner = session.record.owner
    whose = live.ask(owner_names, who, frozenset({owner})).get(owner, owner)
    if owner != who.account_id:
        st.caption(f":material/person: Session of **{plain(whose)}**. That you open it is on record.")
    live.show(draw_card, detail, session.record.id, who)
    if shown_as is Status.COMPLETED:
        transcript(session)
    live.show(draw_past, detail, session.record.id, who, stamp=False)
