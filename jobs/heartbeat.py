"""The heartbeat of a running attempt: facts to Postgres at most every second, from a thread of its own."""

import logging
import threading
import time

from sqlalchemy.exc import DBAPIError

from jobs import estimates_made, progress
from jobs.claim import Claim
from jobs.estimate import Pace
from jobs.media.silences import Chunk
from jobs.watchdog import Watchdog
from store.database import transaction
from store.logs import about_session
from store.settings import settings
from store.transitions import record_progress

FASTEST_SEC = 1.0
STOP_WITHIN_SEC = 5.0
log = logging.getLogger(__name__)


class ClaimLost(Exception):
    """The session is no longer this worker's: it was cancelled, or another worker has taken it over."""


class WorkerStopping(Exception):
    """This worker was asked to end: the session goes back to the queue at once."""


class Heartbeat:
    """Tells Postgres the facts and learns whether the claim still holds. Recognition cannot delay it: that runs in
    other processes. `check`, in the attempt's own thread, raises ClaimLost or WorkerStopping; what does not heed a
    lost claim is killed.
    """

    def __init__(self, claim: Claim, watchdog: Watchdog, stopping: threading.Event) -> None:
        self.processed_sec = claim.processed_sec  # the attempt's own thread writes these two
        self.total_sec = claim.duration_total  # as the file says, until it is decoded
        self._under_way: dict[Chunk, None] = {}  # of an engine that tells nothing of a chunk before it is done
        self._moved_at = claim.claimed_at
        self._pace: Pace | None = None  # known of an engine whose audio was prepared here
        self._claim = claim
        self._watchdog = watchdog
        self._stopping = stopping
        self._lost = threading.Event()
        self._done = threading.Event()
        self._estimated_at = -1.0  # the last fraction at which the estimate was kept
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(timeout=STOP_WITHIN_SEC)

    def prepared(self, *, total_sec: float, processed_sec: float) -> None:
        """The audio is so long, and so much of it was done by earlier attempts: from here on its pace is watched."""
        self.total_sec, self.processed_sec = total_sec, processed_sec
        self._moved_at = time.monotonic()
        self._pace = Pace(self._moved_at, processed_sec, total_sec)

    def begun(self, chunk: Chunk) -> None:
        """A chunk is being recognised that is done at once when it ends."""
        self._under_way = {**self._under_way, chunk: None}

    def done(self, chunk: Chunk) -> None:
        self._under_way = {one: None for one in self._under_way if one != chunk}

    def check(self) -> None:
        if self._lost.is_set():
            raise ClaimLost
        if self._stopping.is_set():
            raise WorkerStopping

    def _beat(self) -> None:
        with about_session(self._claim.session_id):
            told, last = -1.0, float("-inf")
            wait_sec = 0.0  # the first one at once
            while not self._done.wait(wait_sec):
                wait_sec = FASTEST_SEC
                moved = self.processed_sec != told
                if moved:
                    self._moved_at = time.monotonic()
                if not moved and time.monotonic() - last < settings().heartbeat_sec:
                    continue
                begun = time.monotonic()
                processed_sec = self.processed_sec
                held = self._tell(processed_sec)
                if held is None:
                    continue  # Postgres is away: again in a second, until the watchdog ends it
                if not held:
                    self._lost.set()
                    self._watchdog.at_most(STOP_WITHIN_SEC)
                    return
                told, last = processed_sec, begun
                self._watchdog.feed(begun)
                self._keep_estimate(processed_sec)

    def _passed_sec(self, processed_sec: float, begun_sec: float) -> float:
        """As the view estimates it: what is done, and within chunks what the pace makes likely."""
        lately = self._pace.lately if self._pace is not None else None
        return progress.passed_sec(
            processed_sec=processed_sec,
            begun_sec=min(begun_sec, self.total_sec),
            since_sec=time.monotonic() - self._moved_at,
            pace=lately.pace if lately else self._claim.expected_sec / max(self.total_sec, 0.01),
        )

    def _keep_estimate(self, processed_sec: float) -> None:
        at = estimates_made.reached(processed_sec, self.total_sec, self._claim.resumed_sec)
        if at > self._estimated_at:
            estimates_made.running(self._claim.session_id)
            self._estimated_at = at

    def _tell(self, processed_sec: float) -> bool | None:
        if self._pace is not None:
            self._pace.report(time.monotonic(), processed_sec)
        lately = self._pace.lately if self._pace is not None else None
        begun_sec = progress.begun_sec(processed_sec, [chunk.audio_sec for chunk in self._under_way])
        try:
            with transaction() as db:
                return record_progress(
                    db,
                    self._claim.session_id,
                    self._claim.claim_no,
                    processed_sec=processed_sec,
                    begun_sec=begun_sec,
                    progress=self._claim.percent(self._passed_sec(processed_sec, begun_sec), self.total_sec),
                    pace=lately.pace if lately else None,
                    pace_reports=lately.reports if lately else None,
                )
        except DBAPIError as error:
            log.warning("Heartbeat could not be written: %s", str(error).partition("\n")[0])
            return None
