"""Deleting a session removes all about it, its audio included; a running one has to be cancelled first."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import text

from jobs import retry_cancel
from jobs.retry_cancel import NotPossible, SessionNotFound
from store.audio import AudioNotFound, audio_store, object_key
from store.database import transaction
from tests.instruments.claims import claimed, complete, finish_chunk, record_of
from tests.instruments.people import coach

NewSession = Callable[..., uuid.UUID]


def with_audio(new_session: NewSession) -> tuple[uuid.UUID, str]:
    with audio_store().write(object_key("coach", uuid.uuid4(), "x.wav")) as writer:
        writer.write(b"sound")
        uri = writer.finish().uri
    return new_session(audio_uri=uri), uri


def test_a_finished_session_goes_with_its_transcript_history_and_audio(new_session: NewSession) -> None:
    session_id, uri = with_audio(new_session)
    claim = claimed()
    finish_chunk(claim)
    complete(claim)
    retry_cancel.delete(session_id)
    with pytest.raises(AudioNotFound):
        audio_store().local_path(uri)
    with transaction() as db:
        for table in ("session", "processing_status", "attempt", "transcript_chunk", "transcript_segment"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table
    with pytest.raises(SessionNotFound):
        retry_cancel.delete(session_id)


def test_a_running_session_is_kept_with_its_audio(new_session: NewSession) -> None:
    session_id, uri = with_audio(new_session)
    claimed()
    with pytest.raises(NotPossible, match="cancel it first"):
        retry_cancel.delete(session_id)
    assert record_of(session_id)
    assert audio_store().local_path(uri)


def test_a_cancelled_session_can_be_deleted_while_its_worker_still_stops(new_session: NewSession) -> None:
    session_id, _ = with_audio(new_session)
    claim = claimed()
    retry_cancel.cancel(session_id, actor="anna")
    retry_cancel.delete(session_id)
    assert not finish_chunk(claim)
    assert not complete(claim)


def test_another_coachs_session_is_kept(new_session: NewSession) -> None:
    session_id = new_session(owner="anna")
    with pytest.raises(SessionNotFound):
        retry_cancel.delete(session_id, person=coach("ben"))
    assert record_of(session_id)
