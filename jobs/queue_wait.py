"""When a worker will come: the claims played forward with the workers there are and what each session takes. Pure."""

import heapq
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.queue_position import Queue
from store.queue_queries import Waiting

LOOK_SEC = 5.0  # how long a worker is busy with a session that a provider recognises


@dataclass(frozen=True)
class Busy:
    """A session under way. A `parked` one occupies no worker, but counts as its coach's until it ends."""

    owner: str
    left_sec: float
    parked: bool = False


@dataclass(frozen=True)
class Turn:
    """When a waiting session is likely to start: its place (1 is next) and the seconds until then."""

    position: int
    wait_sec: float


def play(
    waiting: Sequence[Waiting],
    busy: Sequence[Busy],
    *,
    running: Mapping[str, int],
    last_served: Mapping[str, datetime],
    workers: int,
    takes: Callable[[Waiting], tuple[float, bool]],
) -> dict[uuid.UUID, Turn]:
    """The turn of every waiting session.

    Whenever a worker is free, it takes the session that the claim would choose then: sessions that have ended by then
    no longer count as running. `takes` says how many seconds a session takes, and whether a provider does the work, so
    that the worker is free again at once.
    """
    queue = Queue(waiting, running, last_served)
    ends = [(session.left_sec, number, session.owner) for number, session in enumerate(busy)]
    heapq.heapify(ends)
    held = sorted(session.left_sec for session in busy if not session.parked)
    free_at = [0.0] * max(workers - len(held), 0) + held[: max(workers, 0)]
    heapq.heapify(free_at)
    turns: dict[uuid.UUID, Turn] = {}
    while free_at:
        now = heapq.heappop(free_at)
        while ends and ends[0][0] <= now:
            queue.finished(heapq.heappop(ends)[2])
        session = queue.take()
        if session is None:
            break
        turns[session.session_id] = Turn(len(turns) + 1, now)
        takes_sec, elsewhere = takes(session)
        heapq.heappush(ends, (now + takes_sec, len(busy) + len(turns), session.owner))
        heapq.heappush(free_at, now + (min(LOOK_SEC, takes_sec) if elsewhere else takes_sec))
    return turns
