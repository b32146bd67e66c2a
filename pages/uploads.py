"""The upload box and the uploads that wait to be started, each with what to expect."""

import uuid
from pathlib import Path

import streamlit as st

from jobs import submit
from jobs.durations import clock, end_is_missing, roughly
from jobs.engines import registry
from jobs.engines.protocol import DETECT
from jobs.errors import EmptyFile, FileTooLarge
from jobs.notices import language_name
from jobs.policy import Person
from jobs.submit import Prospect, Wishes
from pages import confirm, live
from pages.plain import plain, size
from store.settings import settings
from store.states import Priority

FRONTEND = Path(__file__).resolve().parent / "frontend"
ACCEPTED = ".wav,.flac,.mp3,.m4a,.aac,.ogg,.oga,.opus,.webm,.weba,.mp4,.mov,.mkv,audio/*,video/mp4,video/quicktime"
_box = st.components.v2.component(
    "upload_box",
    html=(FRONTEND / "upload_box.html").read_text(),
    css=(FRONTEND / "upload_box.css").read_text(),
    js=(FRONTEND / "upload_box.js").read_text(),
)


def section(who: Person) -> None:
    """Draw the box, and below it what was uploaded and not started yet: it survives a reload.

    Only the box is a fragment: leaving a text for a button of another fragment sends both as one change, and the
    click is lost.
    """
    kept = live.ask(submit.kept, who)
    with st.container():
        st.fragment(_receive)(_limits([str(prospect.recording.id) for prospect in kept]))
    if why := registry.step_down():
        st.caption(f":material/info: {plain(why)}")
    if not kept:
        return
    ids = [prospect.recording.id for prospect in kept]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(f"Ready to start ({len(kept)})", anchor=False)
        if len(kept) > 1:
            confirm.act("Start all", lambda who: _start_all(ids, who), key="start-all", icon="play_arrow")
    for prospect in kept:
        _draw(prospect)


def _receive(data: dict[str, object]) -> None:
    """A fragment: what it says waits until a page is drawn. Outside of one, the end of an upload would stop the drawing
    that a click began, and what the click was for."""
    if _box(key="upload-box", data=data, on_uploaded_change=live.changed).uploaded:
        st.rerun()


def _draw(prospect: Prospect) -> None:
    recording, key = prospect.recording, prospect.recording.id
    with st.container(border=True, key=f"card-upload-{key}"):
        st.markdown(f"**{plain(recording.audio_filename)}**")
        st.caption(f"{clock(recording.duration_total)} · {size(recording.audio_size_bytes)} · {recording.audio_format}")
        if notice := end_is_missing(recording.duration_total, recording.duration_promised):
            st.warning(f"{notice} Please look whether the copy is complete.", icon=":material/content_cut:")
        if prospect.duplicate_of:
            st.info(f"Already uploaded as “{plain(prospect.duplicate_title or '')}”.", icon=":material/content_copy:")
            st.page_link(
                "session.py",
                label="Open it",
                icon=":material/open_in_new:",
                query_params={"session": str(prospect.duplicate_of)},
            )
        st.markdown(f":material/schedule: {_expectation(prospect)}")
        with st.expander("Title, language, speakers and priority (optional)"):
            _options(prospect)
        with st.container(horizontal=True):
            label = "Transcribe again" if prospect.duplicate_of else "Start transcription"
            confirm.act(label, lambda who: _start(key, who), key=f"start-{key}", icon="play_arrow")
            confirm.act(
                "Discard",
                lambda who: submit.discard(key, who),
                key=f"discard-{key}",
                icon="delete",
                type="secondary",
            )


def _options(prospect: Prospect) -> None:
    key = prospect.recording.id
    st.text_input("Title", key=f"title-{key}", max_chars=submit.LONGEST_NAME, placeholder="As the file is called")
    engine = registry.default_engine()
    st.selectbox(
        "Language spoken",
        [DETECT, *sorted(registry.languages(engine), key=lambda tag: (tag != "en", language_name(tag)))],
        key=f"language-{key}",
        format_func=_language,
        help=_about_languages(engine),
    )
    _who_speaks(prospect, engine)
    words = [priority.word for priority in Priority]
    st.segmented_control("Priority", words, key=f"priority-{key}", default="normal", format_func=str.capitalize)


def _language(tag: str) -> str:
    return "Detect" if tag == DETECT else language_name(tag)


def _about_languages(engine: str) -> str:
    """What Detect means with this engine."""
    title, known = registry.engine_title(engine), registry.languages(engine)
    if registry.detects(engine):
        return f"{title} hears which language is spoken. Choose it where several are mixed; another one is translated."
    only = f" and understands no other language than {language_name(known[0])}" if len(known) == 1 else ""
    first = f": Detect means {language_name(known[0])}." if not only else "."
    return f"{title} cannot hear which language is spoken{only}{first}"


def _who_speaks(prospect: Prospect, engine: str) -> None:
    key = f"speakers-{prospect.recording.id}"
    if prospect.recording.speaker_channels:
        st.caption("Who speaks: each person has a channel of their own, and is told apart by it.")
        return
    if registry.tells_voices_apart(engine):
        about = "Two people are told apart by their voices, as a guess that can be corrected; three or more cannot be."
    elif registry.is_remote(engine):
        about = f"Whether {registry.engine_title(engine)} tells them apart is set for this desk."
    else:
        about = f"{registry.engine_title(engine)} does not tell the voices of one channel apart."
    words = list(submit.SPEAKERS)
    st.segmented_control(
        "Who speaks", words, key=key, default="two", format_func=submit.SPEAKERS.__getitem__, help=about
    )


def _expectation(prospect: Prospect) -> str:
    """One time and no interval: what is known before the start has not been held against how it came out."""
    expected = prospect.expectation
    basis = "rough estimate" if expected.learned else "a first guess, until recordings have finished here"
    return f"**about {roughly(expected.expected_sec)} if started now** ({basis})"


def _start(upload_id: uuid.UUID, who: Person) -> None:
    draft = st.session_state
    wishes = Wishes(
        title=draft.get(f"title-{upload_id}") or "",
        language=draft.get(f"language-{upload_id}") or DETECT,
        priority=draft.get(f"priority-{upload_id}") or "normal",
        speakers=draft.get(f"speakers-{upload_id}") or "two",
    )
    submit.start(upload_id, who, wishes=wishes)


def _start_all(ids: list[uuid.UUID], who: Person) -> None:
    for upload_id in ids:
        _start(upload_id, who)


def _limits(kept: list[str]) -> dict[str, object]:
    limits = settings()
    largest = f"{limits.max_upload_mb / 1024:g} GB" if limits.max_upload_mb >= 1024 else f"{limits.max_upload_mb} MB"
    most = limits.max_files_per_upload
    return {
        "kept": kept,
        "accept": ACCEPTED,
        "most_bytes": limits.max_upload_bytes,
        "most_files": most,
        "limits": f"WAV, FLAC, MP3, M4A, AAC, OGG, Opus, WebM, MP4 or MOV. Up to {largest} and "
        f"{limits.max_audio_hours:g} hours each, {most} files at a time.",
        "sentences": {
            "empty": EmptyFile().sentence,
            "too_large": FileTooLarge(f"This file is larger than {largest}, the most this desk accepts.").sentence,
            "too_many": f"Please choose at most {most} files at a time.",
        },
    }
