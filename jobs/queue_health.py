"""RQ's view of the queue: workers, their state and what they hold, beside which ops compare Postgres' view."""

from dataclasses import dataclass
from datetime import UTC, datetime

from redis.exceptions import RedisError
from rq import Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker_registration import get_keys

from jobs import doorbell


@dataclass(frozen=True)
class WorkerSeen:
    """A worker as it registered itself in Redis."""

    name: str
    state: str
    job_id: str | None
    last_heartbeat: datetime | None


@dataclass(frozen=True)
class QueueHealth:
    """`reachable` False: Redis does not answer, and everything else is empty."""

    reachable: bool
    waiting_jobs: int = 0
    failed_jobs: int = 0
    workers: tuple[WorkerSeen, ...] = ()

    @property
    def busy(self) -> int:
        return sum(worker.state == "busy" for worker in self.workers)


def queue_health(timeout_sec: float = 1.0) -> QueueHealth:
    """What Redis says now; never raises."""
    try:
        with doorbell.connection(timeout_sec) as redis:
            queue = doorbell.queue(redis)
            workers = [
                WorkerSeen(
                    worker.name,
                    str(getattr(worker.get_state(), "value", worker.get_state())),
                    worker.get_current_job_id(),
                    worker.last_heartbeat.replace(tzinfo=UTC) if worker.last_heartbeat else None,
                )
                for worker in Worker.all(connection=redis, serializer=JSONSerializer)
            ]
            failed = queue.failed_job_registry.get_job_count(cleanup=False)
            return QueueHealth(True, queue.count, failed, tuple(sorted(workers, key=lambda worker: worker.name)))
    except RedisError:
        return QueueHealth(False)


def somebody_works(timeout_sec: float = 1.0) -> bool | None:
    """Whether RQ knows of a worker that is alive; None when Redis does not answer. In two calls, where `queue_health`
    asks for each worker several times: every viewer's refresh may want to know it."""
    try:
        with doorbell.connection(timeout_sec) as redis:
            registered = get_keys(connection=redis)
            return bool(registered) and redis.exists(*registered) > 0
    except RedisError:
        return None


def rq_view(job_id: str | None, timeout_sec: float = 1.0) -> str:
    """What RQ says of a session's job, in a few words."""
    if job_id is None:
        return "no job yet"
    try:
        with doorbell.connection(timeout_sec) as redis:
            job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
            status = job.get_status(refresh=True)
            word = str(getattr(status, "value", status))
            return f"{word} on {job.worker_name}" if job.worker_name else word
    except NoSuchJobError:
        return "RQ has forgotten the job"
    except RedisError:
        return "Redis does not answer"
