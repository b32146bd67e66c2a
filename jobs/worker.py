"""The worker: `python -m jobs.worker`. An RQ worker whose jobs carry nothing; Postgres says what there is to do."""

import logging
import os
import signal
import socket
import sys
import uuid
from contextlib import suppress

from redis.exceptions import RedisError
from rq import Worker, get_current_job
from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from sqlalchemy.exc import DBAPIError

from jobs import doorbell
from jobs.attempt import run_next, stopping
from jobs.claim import Claim
from jobs.engines import registry
from jobs.leash import die_with_parent
from jobs.media import sandbox
from jobs.outcome import settle_lost
from store import logs, migrations
from store.audio import audio_store
from store.database import forget_connections, transaction
from store.session_queries import held_by

WORKER_TTL_SEC = 30  # RQ's default would wait 415 s on a frozen Redis
MONITORING_SEC = 5
META_SEC = 1.0
log = logging.getLogger("jobs.worker")  # not __name__, which is __main__ in the process


def transcribe_next() -> bool:
    """The one job: see the next session's attempt through. Runs in a work-horse, a child of the worker."""
    job = get_current_job()
    name = job.worker_name if job and job.worker_name else f"{socket.gethostname()}-{os.getpid()}"

    def note(claim: Claim) -> None:
        if job is not None:
            job.meta["session_id"] = str(claim.session_id)
            # For people who look; Postgres holds the truth. The lease runs already: a frozen Redis gets a second
            with suppress(RedisError), doorbell.connection(timeout_sec=META_SEC) as redis:
                redis.hset(job.key, "meta", job.serializer.dumps(job.meta))

    return run_next(worker=name, job_id=job.id if job else "", on_claim=note)


class TranscriptionWorker(Worker):
    """RQ's worker, whose children die with it, which runs nothing but the doorbell, and which bears Redis' absence."""

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGTERM, lambda *_: stopping.set())
        die_with_parent(self.pid or os.getppid())

    def handle_warm_shutdown_request(self) -> None:
        """Asked to end: so is the work-horse, which hands its session back instead of finishing it."""
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def execute_job(self, job: Job, queue: Queue) -> None:
        if doorbell.is_doorbell(job):
            sandbox.preload()  # should it have died since
            super().execute_job(job, queue)
        else:
            job.delete()

    def handle_work_horse_killed(self, job: Job, *_: object) -> None:
        """Its session need not wait for the lease: this worker has seen the work-horse die."""
        try:
            with transaction() as db:
                held = held_by(db, self.name, job.id)
            for record in held:
                log.warning("The work-horse of session %s was killed: handing it over", record.id)
                settle_lost(record, actor=self.name, seen_dead=True)
        except DBAPIError as error:
            log.warning("The session waits for its lease: %s", str(error).partition("\n")[0])
        finally:
            forget_connections()  # the next work-horse must not inherit one

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError as error:
            log.warning("Redis does not answer; the running session goes on: %s", error)


def main() -> int:
    logs.configure()
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    if not migrations.ready():
        return 1
    forget_connections()
    sandbox.preload()  # before the fork: the work-horses share it
    registry.engine(registry.default_engine()).preload()  # before the fork: every attempt then shares the model
    audio_store()  # likewise what it imports; its client is made in the work-horse, by which alone it is used
    try:
        redis = doorbell.connection(timeout_sec=WORKER_TTL_SEC)
        worker = TranscriptionWorker(
            [doorbell.queue(redis)],  # one queue: with two, RQ loses jobs of workers that die while they dequeue
            connection=redis,
            # a process id alone comes again after a restart, while Redis still remembers its last owner
            name=f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:4]}",
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL_SEC,
            job_monitoring_interval=MONITORING_SEC,
            maintenance_interval=60,
        )
        log.info("Worker %s is ready", worker.name)
        worker.work(logging_level="WARNING")
    except RedisError as error:
        log.error("Redis does not answer, the worker stops and is started again: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
