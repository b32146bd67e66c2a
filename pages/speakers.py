"""Who speaks: the names of a transcript's voices, given by a click."""

import uuid
from functools import partial
from html import escape

import streamlit as st

from jobs.policy import Person
from jobs.speakers import naming
from pages import confirm
from store.session_queries import SessionRecord
from store.speaker_names import MAX_NAME_CHARS, Voice

COLOURS = 6  # as many as pages/frontend has


def draw(record: SessionRecord, found: list[Voice]) -> None:
    """A row for each voice; nothing where no speakers are known."""
    if not found:
        return
    shown = list(dict.fromkeys(voice.shown for voice in found))
    with st.container(border=True, key="speakers", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", key="speakers-head"):
            st.markdown("**Speakers**", width="content")
            if len(found) == 2:
                _swap(record.id, found)
        for number, voice in enumerate(found):
            with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"voice-{number}"):
                st.html(_who(voice, shown.index(voice.shown)), width="content")
                _choices(record.id, voice, number)
        if _is_guess(record):
            st.caption(
                "Voices in one channel are told apart by their sound, which is a guess. Names appear in the transcript "
                "and in every download at once."
            )


def _swap(session_id: uuid.UUID, found: list[Voice]) -> None:
    confirm.act(
        "Swap",
        partial(_swapped, session_id),
        key="swap-speakers",
        icon="swap_vert",
        type="secondary",
        help="Give each speaker the other one's name",
        disabled=all(voice.name is None for voice in found),
    )


def _choices(session_id: uuid.UUID, voice: Voice, number: int) -> None:
    for name in naming.OTHER:
        is_it = voice.shown == name
        confirm.act(
            name,
            partial(_named, session_id, voice.label, name),
            key=f"name-{number}-{name.lower()}",
            icon="check" if is_it else "person",
            type="primary" if is_it else "secondary",
        )
    # with another name it is another popover, which is closed
    with st.popover("Rename…", type="tertiary", key=f"rename-{number}-{voice.shown}"):
        _free_name(session_id, voice, number)


def _free_name(session_id: uuid.UUID, voice: Voice, number: int) -> None:
    field = f"name-{number}-{voice.shown}"
    with st.form(f"form-{field}", border=False):
        st.text_input(
            f"Name of {voice.label}",
            value=voice.name or "",
            max_chars=MAX_NAME_CHARS,
            placeholder=voice.label,
            key=field,
            help=f"Leave it empty to show “{voice.label}” again.",
        )
        st.form_submit_button("Save name", on_click=_save, args=(session_id, voice.label, field))


def _save(session_id: uuid.UUID, label: str, field: str) -> None:
    confirm.attempt(partial(_named, session_id, label, str(st.session_state.get(field, ""))))


def _named(session_id: uuid.UUID, label: str, name: str, who: Person) -> None:
    naming.name_one(session_id, label, name, who)


def _swapped(session_id: uuid.UUID, who: Person) -> None:
    naming.swap(session_id, who)


def _who(voice: Voice, number: int) -> str:
    """A dot in the colour of the transcript's turns, the name, and which voice it is."""
    label = f" <small>{escape(voice.label)}</small>" if voice.name else ""
    return f'<span class="voice"><i class="voice-{number % COLOURS}"></i><b>{escape(voice.shown)}</b>{label}</span>'


def _is_guess(record: SessionRecord) -> bool:
    """Each channel being one speaker's is no guess."""
    return record.speakers_outcome != "channels" if record.speakers_outcome else not record.speaker_channels
