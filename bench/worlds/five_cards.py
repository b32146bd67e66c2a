"""A coach's five sessions as the live page shows them: two run, two wait, one is completed."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from rq import Worker
from sqlalchemy import text

from jobs import doorbell, messages
from jobs.claim import Claim, claim_waiting
from store import checkpoints, intake, outcomes
from store.database import transaction
from store.states import Priority
from store.transitions import record_progress

AUDIO_SEC = 3600.0
WORDS = "and then we talked about what she wants to try before the next session"


class FiveCards:
    """They move as a worker moves them; `written` is how many transactions that has cost so far."""

    def __init__(self, owner: str) -> None:
        self.owner, self.written = owner, 0
        self.ids: list[uuid.UUID] = []
        completed, *self._running = [self._claimed(f"Session with Ben, part {number}") for number in range(3)]
        self._finish_chunk(completed, 3600.0)
        with transaction() as db:
            outcomes.complete(
                db,
                completed.session_id,
                completed.claim_no,
                engine=completed.engine,
                message=messages.COMPLETED,
                actor="bench",
            )
        for number in range(2):
            self._insert(f"Supervision, part {number}", Priority.NORMAL)
        for claim in self._running:
            self._finish_chunk(claim, 30.0)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._move)

    def _finish_chunk(self, claim: Claim, end_sec: float) -> None:
        words = [_segment(float(start)) for start in range(0, int(end_sec), 5)]
        where = {"engine": claim.engine, "start_sec": 0.0, "end_sec": end_sec}
        with transaction() as db:
            checkpoints.save(db, claim.session_id, claim.claim_no, segments=words, **where)

    def _move(self) -> None:
        """A heartbeat a second for each that runs."""
        processed_sec = 30.0
        while not self._done.wait(1.0):
            processed_sec += 3.0
            for claim in self._running:
                with transaction() as db:
                    percent = claim.percent(processed_sec, AUDIO_SEC)
                    record_progress(db, claim.session_id, claim.claim_no, processed_sec=processed_sec, progress=percent)
                self.written += 1

    def _claimed(self, title: str) -> Claim:
        session_id = self._insert(title, Priority.HIGH)
        claim = claim_waiting(worker="bench", job_id=f"bench-{session_id}")
        if claim is None or claim.session_id != session_id:
            raise RuntimeError("Something else waits in this database: benchmarks want one of their own.")
        return claim

    def _insert(self, title: str, priority: Priority) -> uuid.UUID:
        session_id = uuid.uuid4()
        recording = intake.Recording(
            session_id,
            self.owner,
            f"{title}.wav",
            f"local://{session_id}.wav",
            115_200_000,
            session_id.hex,
            "WAV",
            AUDIO_SEC,
        )
        with transaction() as db:
            intake.insert_session(
                db,
                recording,
                title=title,
                language="en",
                engine="pocketsphinx",
                priority=priority,
                idempotency_key=None,
                message=messages.WAITING,
                actor=self.owner,
            )
        self.ids.append(session_id)
        return session_id

    def __enter__(self) -> "FiveCards":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        with transaction() as db:
            db.execute(text("DELETE FROM session WHERE owner = :owner"), {"owner": self.owner})


@contextmanager
def registered_workers(count: int = 3) -> Iterator[None]:
    """Workers that RQ knows of, as `make run` has them, so that pages find what they usually find."""
    with doorbell.connection() as redis:
        workers = [Worker([doorbell.queue(redis)], connection=redis, name=f"bench-{number}") for number in range(count)]
        for worker in workers:
            worker.register_birth()
        try:
            yield
        finally:
            for worker in workers:
                worker.register_death()


def _segment(start_sec: float) -> dict[str, object]:
    return {
        "start_sec": start_sec,
        "end_sec": start_sec + 5,
        "speaker": None,
        "confidence": 0.9,
        "text": WORDS,
        "words": [],
    }
