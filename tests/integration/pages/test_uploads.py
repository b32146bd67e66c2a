"""Uploads that wait to be started: kept, explained, started or discarded."""

import uuid
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from jobs import submit
from store import intake
from store.database import transaction
from store.states import Priority, Status
from tests.instruments.claims import record_of
from tests.instruments.desk import beeps, stored
from tests.instruments.screens import opened, pressed, said


def kept(name: str = "Anna 3.wav", *, sha256: str | None = None) -> uuid.UUID:
    """An upload of two seconds that waits to be started."""
    upload_id = uuid.uuid4()
    recording = intake.Recording(
        upload_id, "coach", name, stored(beeps(2)), 64_044, sha256 or upload_id.hex * 2, "WAV, 16 kHz mono", 2.0
    )
    submit.keep(recording)
    return upload_id


def test_an_upload_says_what_it_is_and_what_to_expect() -> None:
    kept()
    words = said(opened())
    for expected in ("Anna 3.wav", "0:02", "64 KB", "WAV, 16 kHz mono", "if started now", "a first guess"):
        assert expected in words


def test_a_file_whose_end_is_missing_says_so_before_and_after_it_is_started() -> None:
    upload_id = uuid.uuid4()
    cut = intake.Recording(
        upload_id,
        "coach",
        "cut.flac",
        stored(beeps(2)),
        64_044,
        upload_id.hex * 2,
        "FLAC",
        192.0,
        duration_promised=360.0,
    )
    submit.keep(cut)
    notice = "The file ends after 3:12, although it says that it lasts 6:00."
    assert notice in said(opened())
    assert notice in said(pressed(opened(), "Start transcription"))


def test_an_upload_survives_a_reload_until_it_is_started() -> None:
    upload_id = kept()
    opened()
    app = pressed(opened(), "Start transcription")
    assert record_of(upload_id).status is Status.PENDING
    assert "Ready to start" not in said(app)
    assert "1st of 1 in the queue" in said(app)


def test_title_and_priority_are_the_coachs(new_session: Callable[..., uuid.UUID]) -> None:
    upload_id = kept()
    app = opened()
    app.text_input(key=f"title-{upload_id}").input("About saying no")
    app.get("button_group")
    pressed(app, "Start transcription")
    record = record_of(upload_id)
    assert (record.title, record.priority, record.language) == ("About saying no", Priority.NORMAL, "en")


def test_language_and_who_speaks_are_asked_with_what_the_engine_can() -> None:
    upload_id = kept()
    app = opened()
    language = app.selectbox(key=f"language-{upload_id}")
    assert (language.options, language.value) == (["Detect", "English"], "detect")
    assert "PocketSphinx cannot hear which language is spoken" in language.help
    [who] = [group for group in app.get("button_group") if group.key == f"speakers-{upload_id}"]
    assert (who.options, who.value) == (["One person", "Two people", "More"], "two")
    words = said(pressed(app, "Start transcription"))
    assert "the recording is taken for English" in words
    record = record_of(upload_id)
    assert (record.language, record.language_detected, record.speakers) == ("en", True, "two")


def test_a_recording_with_a_channel_a_speaker_asks_nobody_who_speaks() -> None:
    upload_id = uuid.uuid4()
    submit.keep(
        intake.Recording(
            upload_id,
            "coach",
            "two.wav",
            stored(beeps(2)),
            64_044,
            upload_id.hex * 2,
            "WAV, 16 kHz stereo",
            2.0,
            audio_channels=2,
            speaker_channels=True,
        )
    )
    app = opened()
    assert "each person has a channel of their own" in said(app)
    assert not [group for group in app.get("button_group") if group.key == f"speakers-{upload_id}"]


def test_a_duplicate_is_pointed_out_before_it_is_queued(new_session: Callable[..., uuid.UUID]) -> None:
    new_session(title="Anna, third meeting", sha256="ab" * 32)
    upload_id = kept(sha256="ab" * 32)
    words = said(opened())
    assert "Already uploaded as “Anna, third meeting”" in words
    assert "Open it" in words
    pressed(opened(), "Transcribe again")
    assert record_of(upload_id).status is Status.PENDING


def test_several_are_started_at_once() -> None:
    uploads = [kept(), kept()]
    pressed(opened(), "Start all")
    assert {record_of(upload_id).status for upload_id in uploads} == {Status.PENDING}


def test_a_discarded_upload_is_gone() -> None:
    upload_id = kept()
    app = pressed(opened(), "Discard")
    assert "Ready to start" not in said(app)
    with transaction() as db:
        assert intake.find_upload(db, upload_id, owner="coach") is None


def test_the_box_names_the_limits_of_the_settings(settings_of: Callable[..., None]) -> None:
    settings_of(max_upload_mb=300, max_audio_hours=1.5, max_files_per_upload=3)
    app: AppTest = opened()
    [box] = app.get("bidi_component")
    assert "Up to 300 MB and 1.5 hours each, 3 files at a time" in str(box.proto)
