"""Does Redis answer and keep what it is given, and is there anybody who works?"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import AuthenticationError, RedisError

from jobs import doorbell
from jobs.doctor.checks.database import NO_ANSWER, UNKNOWN
from jobs.doctor.finding import Finding, fine, in_short, note, wrong
from jobs.queue_health import QueueHealth, queue_health
from store.claims import due_count
from store.database import transaction
from store.server_facts import silences
from store.settings import Settings

RECONCILER = "reconciler"
SILENT_SEC = 90.0  # an idle worker shows itself every 15 s
ROUNDS = 6  # of a reconciler without a sign of life
NEARLY_FULL = 0.9
REDIS_SEC = 2.0
START_WORKER = "`make run`, or `python -m jobs.worker` (one process each)"
START_RECONCILER = "`make run`, or `python -m jobs.reconcile` (two are enough)"


def redis(configured: Settings) -> Iterator[Finding]:
    """Redis, whether it keeps every job, and the workers that have registered there."""
    if not configured.redis_url:
        yield wrong("redis", "REDIS_URL is not set", "`make doctor`, or REDIS_URL=redis://…")
        return
    try:
        with doorbell.connection(REDIS_SEC) as connection:
            info: dict[str, Any] = connection.info()
    except AuthenticationError as error:
        yield wrong("redis", in_short(error), "name the password: REDIS_URL=redis://:PASSWORD@HOST:6379/0")
        return
    except (RedisError, ValueError) as error:
        yield wrong("redis", in_short(error), "start Redis, or correct REDIS_URL")
        return
    yield fine("redis", f"Redis {info['redis_version']} answers")
    yield policy(str(info.get("maxmemory_policy", "unknown")))
    yield memory(int(info.get("used_memory", 0)), int(info.get("maxmemory", 0)))
    yield workers(queue_health(REDIS_SEC), datetime.now(UTC))


def policy(found: str) -> Finding:
    """Whether Redis refuses writes when it is full, instead of forgetting jobs."""
    if found == "noeviction":
        return fine("redis policy", "noeviction")
    return wrong(
        "redis policy",
        f"it is {found}: a full Redis would forget queued jobs",
        'redis-cli -u "$REDIS_URL" CONFIG SET maxmemory-policy noeviction   (and the same in redis.conf)',
    )


def memory(used_bytes: int, most_bytes: int) -> Finding:
    """Whether there is room; without a limit of its own, Redis may use the host's."""
    says = f"{used_bytes / 2**20:.0f} MiB used" + (f" of {most_bytes / 2**20:.0f}" if most_bytes else ", no limit")
    if most_bytes and used_bytes > NEARLY_FULL * most_bytes:
        return wrong("redis memory", says, 'redis-cli -u "$REDIS_URL" CONFIG SET maxmemory 256mb   (or more)')
    return fine("redis memory", says)


def workers(seen: QueueHealth, now: datetime) -> Finding:
    """Who has registered as a worker, and when each was last heard of."""
    if not seen.reachable:
        return wrong("workers", "Redis stopped answering", "start Redis, or correct REDIS_URL")
    if not seen.workers:
        return wrong("workers", "none is alive: uploads are kept and wait", START_WORKER)
    silent = {
        worker.name: (now - worker.last_heartbeat).total_seconds() if worker.last_heartbeat else float("inf")
        for worker in seen.workers
    }
    frozen = [f"{name} ({sec:.0f} s)" for name, sec in silent.items() if sec > SILENT_SEC]
    says = f"{len(silent)} alive, {seen.busy} busy, last heard of {max(0.0, min(silent.values())):.0f} s ago"
    if len(frozen) == len(silent):
        return wrong("workers", f"none has been heard of for long: {', '.join(frozen)}", START_WORKER)
    if frozen:
        return note("workers", f"{says}; silent: {', '.join(frozen)}", "end the silent ones: their supervisor restarts")
    return fine("workers", says)


def repairs(configured: Settings) -> Iterator[Finding]:
    """The reconcilers, by their connections to Postgres, and whether sessions that are due have their doorbells."""
    try:
        with transaction() as db:
            lately = silences(db, RECONCILER)
            due = due_count(db)
    except NO_ANSWER:
        yield note("reconcilers", UNKNOWN)
        return
    alive = [sec for sec in lately if sec <= ROUNDS * configured.reconcile_sec]
    if alive:
        yield fine("reconcilers", f"{len(alive)} alive, last round {max(0.0, alive[0]):.0f} s ago")
    elif lately:
        yield wrong("reconcilers", f"none has made a round for {lately[0]:.0f} s", START_RECONCILER)
    else:
        yield wrong("reconcilers", "none is connected to Postgres: losses are not mended", START_RECONCILER)
    seen = queue_health(REDIS_SEC)
    if not seen.reachable:
        yield note("doorbells", f"{due} sessions are due; Redis does not answer")
    elif seen.waiting_jobs >= due:
        yield fine("doorbells", f"{seen.waiting_jobs} for {due} sessions that are due")
    elif alive:
        yield note(
            "doorbells", f"{seen.waiting_jobs} for {due} sessions that are due; a reconciler rings within seconds"
        )
    else:
        yield wrong("doorbells", f"{seen.waiting_jobs} for {due} sessions that are due", START_RECONCILER)
