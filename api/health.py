"""Is the process alive, and is there everything that an upload needs."""

import threading
from collections.abc import Callable
from typing import Literal

from anyio import move_on_after
from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import BaseModel

from api.problems import RETRY_AFTER_SEC, ApiProblem, documented
from jobs.engines import registry
from jobs.queue_health import queue_health
from jobs.stopped_engines import stopped_engines
from store import migrations
from store.audio import audio_store
from store.database import engine, transaction

router = APIRouter(prefix="/v1", tags=["Health"])
PATIENCE_SEC = 3.0


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Degraded(BaseModel):
    """Something is missing that uploads survive."""

    part: str
    why: str


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"
    degraded: list[Degraded]


class Check:
    """A check that never has two threads hanging: while one waits for a frozen server, the answer is no."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._running = threading.Lock()

    async def passes(self) -> bool:
        with move_on_after(PATIENCE_SEC):
            return await run_sync(self._run, abandon_on_cancel=True)
        return False

    def _run(self) -> bool:
        if not self._running.acquire(timeout=PATIENCE_SEC):
            return False
        try:
            self._check()
        except Exception:  # noqa: BLE001  whatever it is, the answer is no
            return False
        finally:
            self._running.release()
        return True


def _database() -> None:
    with engine().connect() as connection:
        migrations.check(connection)


def _storage() -> None:
    audio_store().check()


database, storage = Check(_database), Check(_storage)


@router.get("/health", summary="The process lives")
async def health() -> Health:
    return Health()


@router.get("/ready", summary="Uploads can be taken", responses=documented(503))
async def ready() -> Readiness:
    """503 only without database or storage. Without Redis or workers uploads are kept, and `degraded` says so."""
    if not await database.passes():
        raise _not_ready("database", "The database does not answer, or its schema is not at head.")
    if not await storage.passes():
        raise _not_ready("storage", "The storage for recordings cannot be written.")
    return Readiness(degraded=await run_sync(_degraded))


def _degraded() -> list[Degraded]:
    return [*_queue(), *_engines(), *_weights()]


def _queue() -> list[Degraded]:
    queue = queue_health(timeout_sec=1.0)
    if not queue.reachable:
        return [Degraded(part="redis", why="Redis does not answer: uploads are kept and start when it is back.")]
    if not queue.workers:
        return [Degraded(part="workers", why="No worker is alive: uploads are kept and start when one is.")]
    return []


def _engines() -> list[Degraded]:
    with transaction() as db:
        stopped = stopped_engines(db)
    return [
        Degraded(part=f"engine {engine.stop.engine}", why=f"{engine.label} is stopped: {engine.stop.error_text}")
        for engine in stopped
    ]


def _weights() -> list[Degraded]:
    why = registry.step_down()
    return [Degraded(part="weights", why=why)] if why else []


def _not_ready(part: str, why: str) -> ApiProblem:
    return ApiProblem(
        503,
        f"{part}-unavailable",
        "Uploads cannot be taken at the moment.",
        why,
        headers={"Retry-After": RETRY_AFTER_SEC},
    )
