"""Home: the upload box, and each of the coach's sessions, live."""

import streamlit as st

from jobs.cards import Card, cards
from jobs.sample import submit_sample
from pages import confirm, live, session_card, tab_title, uploads
from pages.signed_in import person
from store.states import FINAL

MOST_FINISHED = 8  # the others are in the history


def draw(found: list[Card]) -> None:
    tab_title.show([card.view for card in found])
    if not found:
        _nothing_yet()
        return
    finished = [card for card in found if card.view.status in FINAL]
    for card in found:
        if card not in finished[MOST_FINISHED:]:
            session_card.draw(card)
    if len(finished) > MOST_FINISHED:
        st.page_link("history.py", label="All finished sessions", icon=":material/history:")


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
live.show(draw, cards, who)
