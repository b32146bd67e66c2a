"""The transcript as files."""

from collections.abc import Callable

import streamlit as st

from jobs import transcript_formats
from jobs.policy import Person, on_behalf_of
from jobs.transcript_formats import MEDIA_TYPES, Format
from pages.signed_in import again
from store import audit
from store.audit import Action
from store.session_queries import SessionRecord
from store.transcript_queries import segments


def draw(record: SessionRecord, person: Person) -> None:
    """One button a format; the file is written when it is asked for."""
    with st.container(horizontal=True, key="downloads"):
        for wanted in Format:
            st.download_button(
                wanted.upper(),
                data=_file(record, wanted, person),
                file_name=transcript_formats.file_name(record.title, wanted),
                mime=MEDIA_TYPES[wanted],
                key=f"download-{wanted}",
                icon=":material/download:",
                type="primary" if wanted is Format.TXT else "secondary",
                on_click="ignore",
                help=f"Download the transcript as {wanted.upper()}",
            )


def _file(record: SessionRecord, wanted: Format, person: Person) -> Callable[[], str]:
    def write() -> str:
        now = again(person)  # it may be asked for long after the button was drawn
        with on_behalf_of(now) as db:
            words = segments(db, record.id)
            audit.record(db, Action.DOWNLOADED, now.actor, session_id=record.id, detail=str(wanted))
        return transcript_formats.write(wanted, words, session_id=record.id, title=record.title)

    return write
