"""In which order waiting sessions will be claimed: the rule of store/claims.py, played forward. Pure."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from store.queue_queries import Waiting

NEVER = datetime.min.replace(tzinfo=UTC)


def claim_order(
    waiting: Sequence[Waiting], running: Mapping[str, int], last_served: Mapping[str, datetime]
) -> list[uuid.UUID]:
    """The ids in the order in which workers will claim them, as far as today's facts tell.

    Each turn goes to the highest priority, then to the coach with the fewest sessions processing, then to the coach
    least recently served, then to the oldest. Claims made on the way count; sessions that finish meanwhile do not,
    since nobody knows yet which.
    """
    queues: dict[tuple[int, str], list[Waiting]] = {}
    for session in sorted(waiting, key=lambda s: (s.queued_at, s.session_id), reverse=True):
        queues.setdefault((session.priority, session.owner), []).append(session)
    running, last_served = dict(running), dict(last_served)
    turn = max(last_served.values(), default=NEVER)
    order = []
    while queues:
        priority, owner = min(
            queues,
            key=lambda key: (
                -key[0],
                running.get(key[1], 0),
                last_served.get(key[1], NEVER),
                queues[key][-1].queued_at,
                queues[key][-1].session_id,
            ),
        )
        queue = queues[priority, owner]
        order.append(queue.pop().session_id)
        if not queue:
            del queues[priority, owner]
        running[owner] = running.get(owner, 0) + 1
        turn += timedelta(microseconds=1)
        last_served[owner] = turn
    return order
