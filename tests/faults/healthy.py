"""A healthy run must not alarm anybody: every session is looked at all the while, as the page of stalled jobs does."""

import os
import threading
from typing import Any

from tests.faults.desk import Desk

EVERY_SEC = 0.25


class Monitor:
    """Counts how often `jobs.stalled.health` calls a running session stalled, from a thread of its own."""

    def __init__(self, desk: Desk) -> None:
        os.environ.update(desk.environment | {"DATABASE_URL": desk.urls.database, "REDIS_URL": desk.urls.redis})
        from store.settings import settings

        settings.cache_clear()
        self.looks = self.running = 0
        self.oldest_heartbeat_sec = 0.0
        self._alarms: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="monitor", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        from jobs.stalled import health
        from store.database import transaction
        from store.session_queries import with_status
        from store.states import Status

        while not self._stop.wait(EVERY_SEC):
            with transaction() as db:
                records = with_status(db, Status.PROCESSING)
            self.looks += 1
            self.running += len(records)
            for record in records:
                age = (record.now - record.heartbeat_at).total_seconds() if record.heartbeat_at else 0.0
                self.oldest_heartbeat_sec = max(self.oldest_heartbeat_sec, age)
                if health(record).stalled:
                    self._alarms.append(f"false alarm: {record.id} was called stalled, heartbeat {age:.1f} s old")

    def stop(self) -> list[str]:
        """What it found."""
        self._stop.set()
        self._thread.join()
        return self._alarms

    def figures(self) -> dict[str, Any]:
        return {
            "looks": self.looks,
            "running sessions looked at": self.running,
            "false alarms": len(self._alarms),
            "oldest heartbeat": f"{self.oldest_heartbeat_sec:.1f} s",
        }
