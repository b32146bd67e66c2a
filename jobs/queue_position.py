"""In which order waiting sessions will be claimed: the rule of store/claims.py, played forward. Pure."""

import heapq
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from store.queue_queries import Waiting

Rank = tuple[int, int, datetime, datetime, uuid.UUID]
NEVER = datetime.min.replace(tzinfo=UTC)


class Queue:
    """The sessions that wait, given out one after the other."""

    def __init__(
        self, waiting: Sequence[Waiting], running: Mapping[str, int], last_served: Mapping[str, datetime]
    ) -> None:
        self._queues: dict[tuple[int, str], list[Waiting]] = {}
        for session in sorted(waiting, key=lambda s: (s.queued_at, s.session_id), reverse=True):
            self._queues.setdefault((session.priority, session.owner), []).append(session)
        self._running, self._last_served = dict(running), dict(last_served)
        self._turn = max(self._last_served.values(), default=NEVER)
        self._ranked: list[tuple[Rank, tuple[int, str]]] = []  # a heap; what has another rank by now is passed over
        self._priorities: dict[str, list[int]] = {}
        for priority, owner in self._queues:
            self._priorities.setdefault(owner, []).append(priority)
        for owner in self._priorities:
            self._rank_anew(owner)

    def take(self) -> Waiting | None:
        """The session whose turn it is, which then runs; None when nobody waits.

        Each turn goes to the highest priority, then to the coach with the fewest sessions processing, then to the coach
        least recently served, then to the oldest.
        """
        found = self._first()
        if found is None:
            return None
        priority, owner = found
        queue = self._queues[priority, owner]
        session = queue.pop()
        if not queue:
            del self._queues[priority, owner]
        self._running[owner] = self._running.get(owner, 0) + 1
        self._turn += timedelta(microseconds=1)
        self._last_served[owner] = self._turn
        self._rank_anew(owner)
        return session

    def finished(self, owner: str) -> None:
        """One of the coach's sessions has ended."""
        self._running[owner] = max(self._running.get(owner, 0) - 1, 0)
        self._rank_anew(owner)

    def _first(self) -> tuple[int, str] | None:
        while self._ranked:
            rank, key = heapq.heappop(self._ranked)
            if key in self._queues and rank == self._rank(key):
                return key
        return None

    def _rank_anew(self, owner: str) -> None:
        for priority in self._priorities.get(owner, ()):
            if (priority, owner) in self._queues:
                heapq.heappush(self._ranked, (self._rank((priority, owner)), (priority, owner)))

    def _rank(self, key: tuple[int, str]) -> Rank:
        priority, owner = key
        oldest = self._queues[key][-1]
        served = self._last_served.get(owner, NEVER)
        return -priority, self._running.get(owner, 0), served, oldest.queued_at, oldest.session_id


def claim_order(
    waiting: Sequence[Waiting], running: Mapping[str, int], last_served: Mapping[str, datetime]
) -> list[uuid.UUID]:
    """The ids in the order in which workers would claim them if none of the running sessions ended meanwhile."""
    queue = Queue(waiting, running, last_served)
    order = []
    while (session := queue.take()) is not None:
        order.append(session.session_id)
    return order
