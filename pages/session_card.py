"""One session on screen: the same card in the list and on its own page."""

from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from jobs.cards import Card
from jobs.durations import clock
from jobs.session_view import SessionView
from pages import card_text, session_buttons
from pages.plain import plain
from store.states import Status
from store.transcript_queries import Line


def draw(card: Card) -> None:
    """The card on the session's own page, whose title is the session's."""
    frame(card, detailed=True)


def frame(card: Card, *, detailed: bool = False) -> DeltaGenerator:
    """The card: its border, title, links and buttons stay while `shape(card)` does. What is returned is its text, for
    `fill`."""
    view = card.view
    with st.container(border=True, key=f"card-{view.session_id}"):
        if not detailed:
            title_link(view)
        text = fill(st.container(), card, words=not detailed)  # of its own, see docs/decisions/0025-live-page.md
        _failure(view)
        if card.note:
            st.info(card.note, icon=":material/hourglass_top:")
        if view.status is Status.COMPLETED and not detailed:
            st.page_link(
                "session.py",
                label="Open transcript",
                icon=":material/description:",
                query_params={"session": str(view.session_id)},
            )
        session_buttons.draw(view, detailed=detailed)
    return text


def shape(card: Card) -> tuple[object, ...]:
    """All that the frame is drawn from."""
    view = card.view
    failure = (view.cause, view.advice, view.error_code) if view.status is Status.FAILED else None
    return (view.session_id, view.title, view.status, failure, card.note, *session_buttons.shape(view))


def fill(place: DeltaGenerator, card: Card, *, words: bool = True) -> DeltaGenerator:
    """The card's text, which moves: in this place, or instead of the text that its frame returned."""
    return place.markdown(card_text.text(card, words=words), unsafe_allow_html=True)


def title_link(view: SessionView) -> None:
    """The session's title, which leads to its page."""
    title = f"**:primary[{plain(view.title)}]**"
    st.page_link("session.py", label=title, icon="", query_params={"session": str(view.session_id)}, width="content")


def transcript_lines(lines: list[Line]) -> None:
    """The words so far, with their times."""
    rows = "".join(f"<li><time>{clock(line.start_sec)}</time><span>{escape(line.text)}</span></li>" for line in lines)
    st.html(f'<ol class="lines">{rows}</ol>')


def _failure(view: SessionView) -> None:
    if view.status is not Status.FAILED or not view.cause:
        return
    st.error(f"{plain(view.cause)} {plain(view.advice or '')}", icon=":material/error:")
    if view.error_code:
        st.page_link(
            "help.py",
            label="What this means and what to do",
            icon=":material/help:",
            query_params={"topic": view.error_code},
        )
