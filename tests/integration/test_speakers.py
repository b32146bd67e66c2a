"""Names of speakers: in every reading of the transcript at once, gone with it, and carried to a new transcription."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from jobs import cards
from jobs.retention import apply_retention
from jobs.retry_cancel import NotPossible, SessionNotFound, delete
from jobs.speakers import naming
from jobs.speakers.names import carry_names
from store import audit, speaker_names, transcript_queries
from store.audit import AuditFilter
from store.database import transaction
from store.speaker_names import Voice
from tests.instruments.claims import claimed, complete, set_facts
from tests.instruments.people import coach, ops
from tests.instruments.speaking import dialogue
from tests.instruments.waiting import wait_until

New = Callable[..., uuid.UUID]
ANNA = coach("anna")


def transcribed(new_session: New, *labels: str | None, owner: str = "anna", **facts: Any) -> uuid.UUID:
    session_id = new_session(owner=owner, **facts)
    assert complete(claimed(), segments=dialogue(*labels))
    return session_id


def written(session_id: uuid.UUID) -> int:
    with transaction() as db:
        return int(db.scalars(text("SELECT count(*) FROM speaker WHERE session_id = :id"), {"id": session_id}).one())


def shown(session_id: uuid.UUID) -> list[str | None]:
    with transaction() as db:
        return [line.speaker for line in transcript_queries.lines(db, session_id)]


def test_a_name_is_in_every_reading_of_the_transcript(new_session: New) -> None:
    session_id = transcribed(new_session, "Speaker 1", "Speaker 2", None)
    naming.name_one(session_id, "Speaker 2", "Client", ANNA)
    with transaction() as db:
        segments = transcript_queries.segments(db, session_id)
    assert [(segment["speaker"], segment["speaker_label"]) for segment in segments] == [
        *(("Coach", "Speaker 1"), ("Client", "Speaker 2"), (None, None)),
    ]
    lines = cards.lines(session_id, ANNA)
    assert [(line.speaker, line.speaker_label) for line in lines] == [
        *(("Coach", "Speaker 1"), ("Client", "Speaker 2"), (None, None)),
    ]
    assert lines[0].words == (("Well,", 0.0, 0.97), ("maybe", 0.3, 0.34))
    assert naming.speakers(session_id, ANNA) == [Voice("Speaker 1", "Coach"), Voice("Speaker 2", "Client")]


def test_names_are_set_swapped_and_cleared(new_session: New) -> None:
    session_id = transcribed(new_session, "Speaker 1", "Speaker 2")
    naming.name_all(session_id, {"Speaker 1": " Anna \n Maria ", "Speaker 2": "Ben"}, ANNA)
    assert shown(session_id) == ["Anna Maria", "Ben"]
    naming.swap(session_id, ANNA)
    assert shown(session_id) == ["Ben", "Anna Maria"]
    naming.name_one(session_id, "Speaker 2", "", ANNA)
    assert shown(session_id) == ["Ben", "Speaker 2"]
    naming.swap(session_id, ANNA)
    assert shown(session_id) == ["Speaker 1", "Ben"]
    naming.name_one(session_id, "Speaker 2", "Speaker 2", ANNA)
    assert written(session_id) == 0
    with transaction() as db:
        assert len(audit.page(db, AuditFilter(action="named"))) == 5


def test_what_cannot_be_is_refused_in_words(new_session: New) -> None:
    session_id = transcribed(new_session, "Speaker 1", "Speaker 2")
    with pytest.raises(naming.SpeakerUnknown, match="It has Speaker 1 and Speaker 2"):
        naming.name_all(session_id, {"Speaker 1": "Anna", "Speaker\x00 3": "Ben"}, ANNA)
    with pytest.raises(naming.NameTooLong, match="may have 80 characters; this one has 81"):
        naming.name_one(session_id, "Speaker 1", "a" * 81, ANNA)
    with pytest.raises(naming.NameTooLong):  # letters that become two when they are made one way
        naming.name_one(session_id, "Speaker 1", "\u0958" * 80, ANNA)
    with pytest.raises(SessionNotFound):
        naming.name_one(session_id, "Speaker 1", "Ben", coach("ben"))
    with pytest.raises(SessionNotFound):
        naming.speakers(session_id, coach("ben"))
    with pytest.raises(naming.SpeakerUnknown, match="No speakers are told apart"):
        naming.name_one(transcribed(new_session, None), "Speaker 1", "Ben", ANNA)
    with pytest.raises(NotPossible, match="once the transcript is complete"):
        naming.name_one(new_session(owner="anna"), "Speaker 1", "Ben", ANNA)
    assert written(session_id) == 0
    naming.name_one(session_id, "Speaker 1", "x" * 80, ops())
    assert shown(session_id)[0] == "x" * 80


def test_two_who_name_at_once_leave_what_one_of_them_wanted(new_session: New) -> None:
    session_id = transcribed(new_session, "Speaker 1", "Speaker 2")

    def click(name: str) -> None:
        for _ in range(12):
            naming.name_one(session_id, "Speaker 1", name, ANNA)
            naming.swap(session_id, ANNA)
            assert sorted(map(str, shown(session_id))) == ["Client", "Coach"]

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(click, ("Coach", "Client")))
    assert sorted(map(str, shown(session_id))) == ["Client", "Coach"]


def somebody_waits() -> bool:
    """For a lock; in a transaction of its own, which sees what is so now."""
    with transaction() as db:
        return bool(db.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")))


def test_a_swap_is_of_the_names_that_are_there_when_its_turn_comes(new_session: New) -> None:
    session_id = transcribed(new_session, "Speaker 1", "Speaker 2")
    naming.name_one(session_id, "Speaker 1", "Coach", ANNA)
    with ThreadPoolExecutor(1) as threads:
        with transaction() as db:
            speaker_names.lock(db, session_id)
            speaker_names.write(db, session_id, {"Speaker 1": "Anna"})
            swapping = threads.submit(naming.swap, session_id, ANNA)
            wait_until(somebody_waits)
        swapping.result(30)
    assert shown(session_id) == ["Client", "Anna"]


def test_names_go_with_the_words_and_with_the_session(new_session: New, settings_of: Callable[..., None]) -> None:
    expired, deleted = (transcribed(new_session, "Speaker 1") for _ in range(2))
    for session_id in (expired, deleted):
        naming.name_one(session_id, "Speaker 1", "Anna", ANNA)
    delete(deleted)
    assert written(deleted) == 0
    set_facts(expired, "finished_at = now() - interval '9 days'")
    settings_of(transcript_retention_days=8)
    assert apply_retention() == 1
    assert written(expired) == 0
    for call in (
        lambda: naming.speakers(expired, ANNA),
        lambda: naming.name_one(expired, "Speaker 1", "Anna", ANNA),
    ):
        with pytest.raises(naming.TranscriptRemoved):
            call()


def test_a_new_transcription_of_the_same_recording_keeps_the_names(new_session: New) -> None:
    same = {"sha256": "ab" * 32}
    first = transcribed(new_session, "Speaker 1", "Speaker 2", "Speaker 1", **same)
    naming.name_all(first, {"Speaker 1": "Coach", "Speaker 2": "Ben"}, ANNA)
    transcribed(new_session, "Speaker 1", "Speaker 2", **same)  # newer, without names
    somebody_elses = transcribed(new_session, "Speaker 1", "Speaker 2", owner="ben", **same)
    naming.name_one(somebody_elses, "Speaker 1", "Not hers", coach("ben"))
    other_recording = transcribed(new_session, "Speaker 2", "Speaker 1")
    again = transcribed(new_session, "Speaker 2", "Speaker 1", "Speaker 2", "Speaker 3", **same)
    with transaction() as db:
        assert speaker_names.named_before(db, again) == first
        assert carry_names(db, other_recording) == 0
        assert carry_names(db, again) == 2
    assert shown(again) == ["Coach", "Ben", "Coach", "Speaker 3"]
    assert shown(other_recording) == ["Speaker 2", "Speaker 1"]
