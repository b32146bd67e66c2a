"""The frame around every page: who is here, the navigation, the style, and what to show while the database is away."""

from pathlib import Path

import streamlit as st

from jobs.policy import NotAllowed, Person
from jobs.readings import DatabaseAway
from jobs.sign_in import SignInRefused
from pages import confirm, live, sign_in_page, tab_title
from pages.places import HOME, PLACES, Place, section
from pages.signed_in import person

HERE = Path(__file__).resolve().parent
FRONTEND = HERE / "frontend"


def page_of(place: Place, *, listed: bool) -> st.Page:
    return st.Page(
        HERE / place.file,
        title=place.title,
        icon=f":material/{place.icon}:",
        default=place is HOME,
        visibility="visible" if listed else "hidden",
    )


def inside(who: Person) -> None:
    """The page that was asked for. Those for others have their addresses too, so that they can say whose they are."""
    pages = {place: page_of(place, listed=place.is_listed_for(who)) for place in PLACES}
    headings = list(dict.fromkeys(section(place, who) for place in PLACES))
    chosen = st.navigation(
        {heading: [pages[place] for place in PLACES if section(place, who) == heading] for heading in headings},
        position="top",
    )
    place = next(place for place, page in pages.items() if page is chosen)
    confirm.ask_again(place)  # first: an open question is away until it is drawn again
    try:
        if not place.is_open_to(who):
            raise NotAllowed
        chosen.run()
    except NotAllowed:
        not_for_you()
    confirm.say()


def outside(refusal: SignInRefused) -> None:
    """Instead of any page, at its address, so that signing in leads there."""
    st.navigation([page_of(place, listed=False) for place in PLACES], position="hidden")
    sign_in_page.draw(refusal)


def not_for_you() -> None:
    st.title("This page is for operations", anchor=False)
    st.markdown("Your account does not open it. If it should, ask whoever runs this desk to make you **ops**.")
    st.page_link(HERE / HOME.file, label=HOME.title, icon=f":material/{HOME.icon}:")


tab_title.begin()
st.logo(FRONTEND / "icon.svg", size="large")
st.html(FRONTEND / "style.css")
try:
    inside(person())
except SignInRefused as refusal:
    outside(refusal)
except DatabaseAway:
    live.wait_for_database()
