"""What is not to be kept longer goes, each thing by its own setting, and the session says so before and after."""

import uuid
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import text

from jobs import board, reconcile, retry_cancel
from jobs.retention import apply_retention
from jobs.retry_cancel import NotPossible
from store import audit, transcript_queries
from store.audio import audio_store
from store.audit import AuditFilter
from store.database import transaction
from tests.instruments.claims import claimed, complete, finish_chunk, history_of, record_of
from tests.instruments.desk import beeps, stored

New = Callable[..., uuid.UUID]
RECORDING = beeps(0.3)


def ended(new_session: New, days_ago: float, *, failed: bool = False) -> uuid.UUID:
    """A session with a recording and words that ended so many days ago."""
    session_id = new_session(audio_uri=stored(RECORDING), duration_total=len(RECORDING) / 32_000)
    if failed:
        assert finish_chunk(claimed())
        retry_cancel.cancel(session_id, actor="anna")
    else:
        assert complete(claimed())
    with transaction() as db:
        past = {"id": session_id, "days": days_ago}
        db.execute(text("UPDATE session SET finished_at = now() - :days * interval '1 day' WHERE id = :id"), past)
        db.execute(
            text("UPDATE processing_status SET updated_at = now() - :days * interval '1 day' WHERE session_id = :id"),
            past,
        )
    return session_id


def has_audio(session_id: uuid.UUID) -> bool:
    return record_of(session_id).audio_uri in {uri for uri, _ in audio_store().list()}


def words(session_id: uuid.UUID) -> int:
    with transaction() as db:
        return len(transcript_queries.segments(db, session_id)) + len(
            transcript_queries.segments_so_far(db, session_id)
        )


def expired() -> list[tuple[str, str | None]]:
    with transaction() as db:
        return [(row.actor, row.detail) for row in audit.page(db, AuditFilter(action="expired"))]


def test_nothing_goes_unless_it_is_set(new_session: New) -> None:
    old = ended(new_session, 10_000)
    assert apply_retention() == 0
    assert has_audio(old)
    assert board.session(old).retention_text is None  # type: ignore[union-attr]  # it is there


def test_a_recording_goes_and_its_words_stay(
    new_session: New, settings_of: Callable[..., None], client: httpx.Client
) -> None:
    settings_of(audio_retention_days=30)
    old, young = ended(new_session, 31), ended(new_session, 29)
    announced = board.session(old)
    assert announced is not None
    assert announced.audio_kept_until is not None
    assert announced.retention_text == f"The recording is removed on {announced.audio_kept_until:%Y-%m-%d}."
    assert apply_retention() == 1
    assert (has_audio(old), has_audio(young)) == (False, True)
    assert words(old) == 1
    assert expired() == [("reconciler", "recording")]
    assert apply_retention() == 0
    answer = client.get(f"/sessions/{old}/audio")
    assert (answer.status_code, answer.json()["code"]) == (410, "recording-removed")
    assert client.get(f"/sessions/{young}/audio").status_code == 200
    shown = client.get(f"/sessions/{old}").json()
    assert shown["audio_deleted_at"] is not None
    assert shown["retention_text"].startswith("The recording was removed on ")
    assert client.get(f"/sessions/{old}/transcript").json()["complete"] is True


def test_without_its_recording_a_session_cannot_be_tried_again(
    new_session: New, settings_of: Callable[..., None]
) -> None:
    settings_of(audio_retention_days=30)
    old = ended(new_session, 31, failed=True)
    assert board.session(old).can_retry  # type: ignore[union-attr]  # it is there
    apply_retention()
    assert not board.session(old).can_retry  # type: ignore[union-attr]  # it is there
    with pytest.raises(NotPossible, match=r"^Its recording was removed on \d{4}-\d\d-\d\d: please upload it again\.$"):
        retry_cancel.retry(old, actor="anna")


def test_words_go_and_the_recording_stays(
    new_session: New, settings_of: Callable[..., None], client: httpx.Client
) -> None:
    settings_of(transcript_retention_days=30)
    finished, broken_off = ended(new_session, 31), ended(new_session, 31, failed=True)
    assert apply_retention() == 2
    assert (words(finished), words(broken_off)) == (0, 0)
    assert has_audio(finished)
    answer = client.get(f"/sessions/{finished}/transcript")
    assert (answer.status_code, answer.json()["code"]) == (410, "transcript-removed")
    assert apply_retention() == 0


def test_of_the_history_the_end_stays(new_session: New, settings_of: Callable[..., None]) -> None:
    settings_of(history_retention_days=30)
    old, young = ended(new_session, 31), ended(new_session, 29)
    before = history_of(old)
    apply_retention()
    assert history_of(old) == before[-1:]
    assert len(history_of(young)) == len(before)
    assert board.session(old).progress == 100  # type: ignore[union-attr]  # still shown
    assert apply_retention() == 0


def test_a_whole_session_goes_with_all_about_it_but_the_record(
    new_session: New, settings_of: Callable[..., None]
) -> None:
    settings_of(retention_days=30)
    old = ended(new_session, 31)
    uri = record_of(old).audio_uri
    assert reconcile.apply_retention() == 1
    assert board.session(old) is None
    assert uri not in {known for known, _ in audio_store().list()}
    assert expired() == [("reconciler", "session")]


def test_a_session_that_runs_or_waits_is_kept(new_session: New, settings_of: Callable[..., None]) -> None:
    settings_of(retention_days=0.00001, audio_retention_days=0.00001, transcript_retention_days=0.00001)
    session_id = new_session(audio_uri=stored(RECORDING), duration_total=len(RECORDING) / 32_000)
    assert apply_retention() == 0
    assert finish_chunk(claimed())
    assert apply_retention() == 0
    assert has_audio(session_id)
    assert words(session_id) == 1
