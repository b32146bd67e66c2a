"""Redis killed, emptied, frozen and full; and every doorbell in it multiplied."""

import shutil
import signal
import time
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from tests.faults.desk import Desk
from tests.faults.faults import Fault, NothingToHit
from tests.faults.process_faults import send
from tests.faults.schedule import Planned

QUEUE = "rq:queue:transcriptions"
BEGUN = "rq:wip:transcriptions"  # entries are `job:execution`
TIMES = 5
BACK_WITHIN_SEC = 20.0


def killed_empty(desk: Desk, planned: Planned, fault: Fault) -> None:
    """SIGKILL, and what it had saved is gone as well."""
    with _redis(desk) as redis:
        redis.config_set("appendonly", "no")
    for saved in (desk.folder / "redis").iterdir():
        shutil.rmtree(saved) if saved.is_dir() else saved.unlink()
    for server in desk.servers("redis-server"):
        send(server, signal.SIGKILL)
    wait_for_redis(desk)


def flushed(desk: Desk, planned: Planned, fault: Fault) -> None:
    with _redis(desk) as redis:
        redis.flushall()


def frozen(desk: Desk, planned: Planned, fault: Fault) -> None:
    servers = desk.servers("redis-server")
    for server in servers:
        send(server, signal.SIGSTOP)
    try:
        time.sleep(planned.lasts_sec)
    finally:
        for server in servers:
            send(server, signal.SIGCONT)


def out_of_memory(desk: Desk, planned: Planned, fault: Fault) -> None:
    with _redis(desk) as redis:
        redis.config_set("maxmemory", "1")
        try:
            time.sleep(planned.lasts_sec)
        finally:
            redis.config_set("maxmemory", "0")


def five_times(desk: Desk, planned: Planned, fault: Fault) -> None:
    """Every job that waits or has just begun, or comes for a while, is put into the queue four more times."""
    seen: set[bytes] = set()
    until = time.monotonic() + planned.lasts_sec
    with _redis(desk) as redis:
        while time.monotonic() < until:
            begun = {entry.partition(b":")[0] for entry in redis.zrange(BEGUN, 0, -1)}
            for job in ({*redis.lrange(QUEUE, 0, -1)} | begun) - seen:
                redis.rpush(QUEUE, *[job] * (TIMES - 1))
                seen.add(job)
            time.sleep(0.02)
    if not seen:
        raise NothingToHit


def wait_for_redis(desk: Desk) -> None:
    """Return when it answers; TimeoutError when it does not come back."""
    deadline = time.monotonic() + BACK_WITHIN_SEC
    while time.monotonic() < deadline:
        with suppress(RedisError), _redis(desk) as redis:
            if redis.ping():
                return
        time.sleep(0.05)
    raise TimeoutError(f"Redis was not back within {BACK_WITHIN_SEC:.0f} s")


def _redis(desk: Desk) -> Redis:
    return Redis.from_url(desk.urls.redis, socket_timeout=5)
