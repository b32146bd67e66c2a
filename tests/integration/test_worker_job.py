"""What a doorbell's job does with the session it gets: each is found from the other, and Redis is not waited for."""

import uuid
from collections.abc import Callable

import pytest
from rq.job import Job
from rq.serializers import JSONSerializer

from jobs import attempt, doorbell, worker
from jobs.claim import Claim
from store.states import Status
from tests.instruments.claims import record_of

NewSession = Callable[..., uuid.UUID]
SettingsOf = Callable[..., None]


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    """The current job, as its work-horse has it; its own connection would wait half a minute for a frozen Redis."""
    doorbell.ring()
    with doorbell.connection() as redis:
        [job] = doorbell.queue(redis).jobs
    monkeypatch.setattr(worker, "get_current_job", lambda: job)
    monkeypatch.setattr(job, "connection", None)
    monkeypatch.setattr(attempt, "run", lambda _: None)
    return job


def meta(job: Job) -> dict[str, str]:
    with doorbell.connection() as redis:
        stored: dict[str, str] = Job.fetch(job.id, connection=redis, serializer=JSONSerializer).meta
        return stored


def test_session_and_job_are_found_from_each_other(job: Job, new_session: NewSession) -> None:
    session_id = new_session()
    assert worker.transcribe_next()
    assert record_of(session_id).transcription_job_id == job.id
    assert meta(job) == {"session_id": str(session_id)}


def test_with_redis_down_the_claimed_session_is_transcribed_all_the_same(
    job: Job, new_session: NewSession, settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcribed: list[Claim] = []
    monkeypatch.setattr(attempt, "run", transcribed.append)
    session_id = new_session()
    settings_of(redis_url="redis://127.0.0.1:1/0")
    assert worker.transcribe_next()
    assert [claim.session_id for claim in transcribed] == [session_id]


def test_with_nothing_due_it_ends(job: Job) -> None:
    assert not worker.transcribe_next()
    assert meta(job) == {}


def test_outside_of_rq_it_works_as_well(monkeypatch: pytest.MonkeyPatch, new_session: NewSession) -> None:
    monkeypatch.setattr(attempt, "run", lambda _: None)
    session_id = new_session()
    assert worker.transcribe_next()
    assert record_of(session_id).status is Status.PROCESSING
