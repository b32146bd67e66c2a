"""The doorbell: RQ jobs without arguments that wake a worker. Postgres decides what the worker then finds to do."""

import logging

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from store.settings import settings

TASK = "jobs.worker.transcribe_next"
RING_TIMEOUT_SEC = 1.0  # an upload waits for it
RESULT_TTL_SEC = 600
FAILURE_TTL_SEC = 24 * 3600
log = logging.getLogger(__name__)


def connection(timeout_sec: float = 3.0) -> Redis:
    """A client of this installation's Redis; a call gives up after `timeout_sec`, since a frozen one never answers."""
    if not settings().redis_url:
        raise RuntimeError("REDIS_URL is not set: run the command under `python -m store.embedded --`, or set it.")
    return Redis.from_url(
        settings().redis_url, socket_timeout=timeout_sec, socket_connect_timeout=timeout_sec, health_check_interval=15
    )


def queue(redis: Redis) -> Queue:
    """The one queue. JSON throughout: pickle would run whatever somebody writes into Redis."""
    return Queue(settings().queue_name, connection=redis, serializer=JSONSerializer)


def ring(times: int = 1) -> bool:
    """Wake workers; False when Redis does not answer. The reconciler then rings later: nothing is lost."""
    try:
        with connection(RING_TIMEOUT_SEC) as redis:
            for _ in range(times):
                queue(redis).enqueue(
                    TASK,
                    description="transcribe the next session",
                    job_timeout=-1,  # RQ's default of 180 s would end every longer recording
                    result_ttl=RESULT_TTL_SEC,
                    failure_ttl=FAILURE_TTL_SEC,
                )
    except RedisError as error:
        log.warning("Redis does not answer, the queue is delayed: %s", error)
        return False
    return True


def answer() -> bool:
    """Take a doorbell that waits out of the queue, for whoever answers it without a job of its own; False when there is
    none, or Redis does not answer."""
    try:
        with connection(RING_TIMEOUT_SEC) as redis:
            key = queue(redis).key
            while isinstance(taken := redis.lpop(key), bytes):  # RQ's own pop_job_id fails on an empty queue
                found = _job(taken, redis)
                redis.delete(Job.key_for(taken.decode(errors="replace")))
                if found is not None and is_doorbell(found):
                    return True
    except RedisError as error:
        log.warning("Redis does not answer: %s", error)
    return False


def is_doorbell(job: Job) -> bool:
    """Whether it is one; anything else is refused, and the log says so: even JSON names any importable function."""
    try:
        named = job.func_name
    except DeserializationError:
        named = "something that is not JSON"
    if named == TASK:
        return True
    log.error("Refused job %s: it names %s", job.id, named)
    return False


def _job(job_id: bytes, redis: Redis) -> Job | None:
    """The job with this id; None when there is none any more, or nothing that we would have put there."""
    try:
        return Job.fetch(job_id.decode(), connection=redis, serializer=JSONSerializer)
    except RedisError:
        raise
    except NoSuchJobError:
        return None
    except Exception as error:  # noqa: BLE001 - whoever can write to Redis may have put anything there
        log.error("Refused job %r: %s", job_id, error)
        return None


def top_up(due: int) -> int:
    """Ring until as many doorbells wait as there are sessions due; how many were missing. Raises RedisError."""
    with connection() as redis:
        missing = max(due - queue(redis).count, 0)
    return missing if missing and ring(missing) else 0
