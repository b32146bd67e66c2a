"""The facts of a recording and its session, for people who look closely."""

import streamlit as st

from jobs.cards import Detail
from jobs.durations import clock
from jobs.engines import registry
from jobs.engines.protocol import DETECT
from jobs.notices import language_name
from jobs.submit import SPEAKERS
from pages import facts, viewer
from pages.plain import size
from store.session_queries import SessionRecord


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
            "Language": _language(record),
            "Speakers": _speakers(record),
            "Engine": registry.engine_title(record.engine, record.model),
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


def _language(record: SessionRecord) -> str:
    if record.language == DETECT:
        return "not heard yet" if record.finished_at is None else "none was heard"
    name = language_name(record.language)
    return f"{name} (detected)" if record.language_detected and record.language_heard else name


def _speakers(record: SessionRecord) -> str:
    return "one a channel" if record.speaker_channels else SPEAKERS[record.speakers]


def _address() -> str:
    return (st.context.url or "session").partition("?")[0]
