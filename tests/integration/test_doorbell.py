"""Redis only rings: as many doorbells as sessions are due, and nothing is lost without it."""

import socket
import uuid
from collections.abc import Callable

import pytest
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import DefaultSerializer, JSONSerializer

from jobs import doorbell, queue_health
from jobs.reconcile import ring_doorbells
from store.settings import settings
from tests.instruments.claims import claimed, set_facts

NewSession = Callable[..., uuid.UUID]
SettingsOf = Callable[..., None]


def waiting() -> int:
    with doorbell.connection() as redis:
        return doorbell.queue(redis).count


def test_a_doorbell_carries_nothing_and_never_times_out() -> None:
    assert doorbell.ring()
    with doorbell.connection() as redis:
        [job] = doorbell.queue(redis).jobs
        stored = Job.fetch(job.id, connection=redis, serializer=JSONSerializer)
    assert (stored.func_name, stored.args, stored.kwargs, stored.timeout) == (doorbell.TASK, [], {}, -1)


def test_the_reconciler_rings_as_often_as_sessions_are_due_and_no_more(new_session: NewSession) -> None:
    for _ in range(3):
        new_session()
    later = new_session()
    set_facts(later, "next_run_at = clock_timestamp() + interval '1 hour'")
    doorbell.ring()
    assert ring_doorbells() == 2
    assert ring_doorbells() == 0
    assert waiting() == 3
    claimed()
    assert ring_doorbells() == 0


def test_a_queue_that_redis_has_forgotten_is_rung_again(new_session: NewSession) -> None:
    new_session()
    assert ring_doorbells() == 1
    with doorbell.connection() as redis:
        redis.flushall()
    assert ring_doorbells() == 1


def test_a_doorbell_is_answered_once_and_leaves_nothing() -> None:
    doorbell.ring()
    assert doorbell.answer()
    assert not doorbell.answer()
    with doorbell.connection() as redis:
        assert not list(redis.scan_iter("rq:job:*"))


@pytest.mark.parametrize("serializer", [JSONSerializer, DefaultSerializer])
def test_what_is_no_doorbell_is_not_answered_but_refused(serializer: object, caplog: pytest.LogCaptureFixture) -> None:
    with doorbell.connection() as redis:
        strange = Queue(settings().queue_name, connection=redis, serializer=serializer)
        strange.enqueue("os.mkdir", "/never")
        strange.enqueue("os.mkdir", "/never", meta={"of": "a stranger"})
        redis.rpush(strange.key, "long-gone")
    doorbell.ring()
    assert doorbell.answer()
    assert not doorbell.answer()
    assert len([line for line in caplog.messages if line.startswith("Refused job")]) == 2
    with doorbell.connection() as redis:
        assert not list(redis.scan_iter("rq:job:*"))


def test_with_redis_down_no_doorbell_is_answered(settings_of: SettingsOf) -> None:
    settings_of(redis_url="redis://127.0.0.1:1/0")
    assert not doorbell.answer()


def test_with_redis_down_ringing_says_so_and_does_not_raise(settings_of: SettingsOf) -> None:
    settings_of(redis_url="redis://127.0.0.1:1/0")
    assert not doorbell.ring()
    assert queue_health.queue_health() == queue_health.QueueHealth(reachable=False)
    assert queue_health.somebody_works() is None
    assert queue_health.rq_view("some-job") == "Redis does not answer"
    with pytest.raises(RedisError):
        doorbell.top_up(1)


def test_a_frozen_redis_is_given_up_on(settings_of: SettingsOf) -> None:
    """It takes connections and never answers; an upload must not wait for it for ever."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        settings_of(redis_url=f"redis://127.0.0.1:{frozen.getsockname()[1]}/0")
        assert not doorbell.ring()


def test_health_counts_what_redis_holds() -> None:
    doorbell.ring(2)
    found = queue_health.queue_health()
    assert (found.reachable, found.waiting_jobs, found.workers, found.busy) == (True, 2, (), 0)
    with doorbell.connection() as redis:
        [first, _] = doorbell.queue(redis).job_ids
    assert queue_health.rq_view(first) == "queued"
    assert queue_health.rq_view(None) == "no job yet"
    assert queue_health.rq_view("long-gone") == "RQ has forgotten the job"


def test_somebody_works_while_a_worker_is_registered_and_alive() -> None:
    assert queue_health.somebody_works() is False
    with doorbell.connection() as redis:
        worker = Worker([doorbell.queue(redis)], connection=redis, name="one")
        worker.register_birth()
        assert queue_health.somebody_works() is True
        redis.delete(worker.key)  # as when it has not been heard of for longer than it may be silent
        assert queue_health.somebody_works() is False
