"""Home: the upload box, and each of the coach's sessions, live."""

import uuid

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from jobs.cards import Card, cards
from jobs.sample import submit_sample
from pages import confirm, live, session_card, tab_title, uploads
from pages.signed_in import person
from store.states import FINAL

Texts = dict[uuid.UUID, DeltaGenerator]
MOST_FINISHED = 8  # the others are in the history


def frame(found: list[Card]) -> Texts:
    """What stays while no session changes its state; by session, where the text of its card is to be drawn."""
    if not found:
        _nothing_yet()
        return {}
    with st.container(key="live-cards"):
        texts = {card.view.session_id: session_card.frame(card) for card in _shown(found)}
        if len(texts) < len(found):
            st.page_link("history.py", label="All finished sessions", icon=":material/history:")
    return texts


def draw(found: list[Card]) -> None:
    """What moves; another state draws the whole page anew."""
    if shape(found) != drawn:
        st.rerun()
    tab_title.show([card.view for card in found])
    for card in found:
        if text := texts.get(card.view.session_id):
            session_card.fill(text, card)


def shape(found: list[Card]) -> list[object]:
    return [len(found), *map(session_card.shape, _shown(found))]


def _shown(found: list[Card]) -> list[Card]:
    finished = [card for card in found if card.view.status in FINAL]
    return [card for card in found if card not in finished[MOST_FINISHED:]]


def _nothing_yet() -> None:
    with st.container(border=True, key="nothing-yet", horizontal_alignment="center", gap="small"):
        st.markdown("#### Nothing here yet", text_alignment="center")
        st.markdown(
            "Upload a recording above, or hear and see how it works with a short coaching dialogue.",
            text_alignment="center",
        )
        confirm.act(
            "Try the sample recording",
            submit_sample,
            key="try-sample",
            icon="play_circle",
            type="secondary",
        )


if linked := st.query_params.get("session"):  # a link to one session works on the plain address too
    st.switch_page("session.py", query_params={"session": linked})
st.title("My sessions", anchor="upload")
st.markdown(
    "Upload the recording of a coaching session and watch it become a transcript. It is safe as soon as it is "
    "uploaded: close the laptop and come back when it is done."
)
who = person()
uploads.section(who)
sessions = live.ask(cards, who)
texts, drawn = frame(sessions), shape(sessions)
live.show(draw, cards, who)
