"""The facts of a recording and its session, for people who look closely."""

import streamlit as st

from jobs.cards import Detail
from jobs.durations import clock
from jobs.engines import registry
from jobs.engines.languages import LANGUAGES
from pages import facts, viewer
from pages.plain import size


def draw(detail: Detail, whose: str) -> None:
    """Two lists: the recording, and what operations ask for; and the link to this page. `whose`: the coach's name."""
    record = detail.record
    st.subheader("Details", anchor=False)
    facts.known(
        {
            "File": record.audio_filename,
            "Length": clock(record.duration_total),
            "Size": size(record.audio_size_bytes),
            "Format": record.audio_format,
            "Language": LANGUAGES.get(record.language, record.language),
            "Engine": registry.engine_label(record.engine),
            "Priority": record.priority.word,
            "Uploaded": viewer.full(record.created_at),
            "Demo data": "yes" if record.demo else "no",
        }
    )
    with st.expander("For operations", icon=":material/build:"):
        facts.known(
            {
                "Session": str(record.id),
                "Coach": whose,
                "RQ job": record.transcription_job_id or "–",
                "Worker": record.worker or "–",
                "Claim": str(record.claim_no),
                "Last heartbeat": viewer.full(record.heartbeat_at),
                "SHA-256": f"{record.audio_sha256[:16]}…",
                "Audio": record.audio_uri,
            }
        )
    st.caption("Link to this page")
    st.code(f"{_address()}?session={record.id}", language=None, wrap_lines=True)


def _address() -> str:
    return (st.context.url or "session").partition("?")[0]
