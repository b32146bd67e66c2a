"""Coaches: they upload recordings over real HTTP, try again until they are answered, cancel and retry, and write down
what they were told."""

import hashlib
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tests.faults.journal import Act, Journal, Upload

THREADS = 24
TIMEOUT_SEC = 30.0
AGAIN_SEC, LONGEST_AGAIN_SEC = 0.3, 4.0
WAIT_AND_SEE = frozenset({400, 408, 429})  # 400: the body was cut off on its way
SLOW_PIECES = 8  # a slow client sends its recording in so many pieces…
SLOW_SEC = 0.15  # …so far apart
PLANS = {
    "none": 62,
    "in two steps": 14,  # stored first, started later
    "cancel": 8,
    "cancel, then retry": 6,
    "cancel, retry and cancel at once": 5,
    "cancel when completed": 5,
}


@dataclass(frozen=True)
class Visit:
    """What one coach is going to do, drawn from the seed."""

    number: int
    at_sec: float
    plan: str
    slow: bool
    wait_sec: float
    priority: str


def visits(seed: int, count: int, seconds: float) -> list[Visit]:
    """`count` visits spread over `seconds`; the same for the same seed."""
    chance = random.Random(f"{seed} visits")
    times = sorted(chance.uniform(0, seconds) for _ in range(count))
    plans = random.Random(f"{seed} plans").choices(list(PLANS), list(PLANS.values()), k=count)
    return [
        Visit(
            number,
            at_sec,
            plans[number],
            slow=chance.random() < 0.3,
            wait_sec=chance.uniform(0, 2.5),
            priority=chance.choices(["low", "normal", "high"], [1, 8, 1])[0],
        )
        for number, at_sec in enumerate(times)
    ]


class Clients:
    """All coaches of a run. `sending` counts those whose recording is on its way at this moment."""

    def __init__(self, api: str, seed: int, planned: list[Visit], make: Callable[[int, int], bytes]) -> None:
        """`make` gives the recording of a seed and a number."""
        self.journal = Journal()
        self.sending = 0
        self._api, self._seed, self._planned, self._make = f"{api}/api/v1", seed, planned, make
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="client")
        self._http = httpx.Client(timeout=TIMEOUT_SEC, limits=httpx.Limits(max_connections=THREADS + 8))
        self._futures: list[Future[None]] = []
        self._thread = threading.Thread(target=self._arrive, name="arrivals", daemon=True)
        self._lock = threading.Lock()

    def start(self) -> None:
        self._thread.start()

    def wait_for_arrivals(self) -> None:
        """Return when everybody has come."""
        self._thread.join()

    @property
    def busy(self) -> bool:
        """Whether anybody is still to come, or not done yet."""
        return self._thread.is_alive() or not all(future.done() for future in self._futures)

    def stop(self) -> None:
        """Have everybody give up, and raise what went wrong in the suite itself."""
        self._stop.set()
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._http.close()
        for future in self._futures:
            if not future.cancelled():
                future.result()

    def retry(self, session_ids: Iterable[str]) -> None:
        """Retry these by hand, one after another."""
        for session_id in session_ids:
            self._ask(session_id, "retry")

    def _arrive(self) -> None:
        begun = time.monotonic()
        for visit in self._planned:
            if self._stop.wait(max(0.0, begun + visit.at_sec - time.monotonic())):
                return
            self._futures.append(self._pool.submit(self._visit, visit))

    def _visit(self, visit: Visit) -> None:
        recording = self._make(self._seed, visit.number)
        two = visit.plan == "in two steps"
        upload = Upload(visit.number, hashlib.sha256(recording).hexdigest(), len(recording), in_two_steps=two)
        self.journal.begin(upload)
        begun = time.monotonic()
        if two:
            upload.stored_id = self._until_answered(
                upload, lambda: self._send(visit, recording, "uploads"), "upload_id"
            )
            if upload.stored_id:
                upload.told_id = self._until_answered(upload, lambda: self._start(upload.stored_id or ""), "session_id")
        else:
            upload.told_id = self._until_answered(
                upload, lambda: self._send(visit, recording, "sessions"), "session_id"
            )
        upload.waited_sec = time.monotonic() - begun
        if upload.told_id:
            self._act(visit, upload.told_id)

    def _until_answered(self, upload: Upload, ask: Callable[[], httpx.Response], name: str) -> str | None:
        """Ask again until an id comes back; None when an answer says that it never will, or the run is over."""
        wait_sec = AGAIN_SEC
        while not self._stop.is_set():
            upload.tries += 1
            try:
                answer = ask()
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.is_success:
                return str(answer.json()[name])
            if answer is not None and answer.status_code < 500 and answer.status_code not in WAIT_AND_SEE:
                upload.refused = f"{answer.status_code} {answer.text[:300]}"
                return None
            self._stop.wait(wait_sec)
            wait_sec = min(2 * wait_sec, LONGEST_AGAIN_SEC)
        return None

    def _send(self, visit: Visit, recording: bytes, to: str) -> httpx.Response:
        """One upload; the key makes a second try of the same recording answer with the first session."""
        boundary = uuid.uuid4().hex
        fields = {} if to == "uploads" else {"title": f"Visit {visit.number}", "priority": visit.priority}
        body = _form(boundary, recording, f"visit-{visit.number}.wav", fields)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(body)),
            "Idempotency-Key": f"{self._seed}-{visit.number}",
        }
        return self._http.post(f"{self._api}/{to}", headers=headers, content=self._pieces(body, slow=visit.slow))

    def _pieces(self, body: bytes, *, slow: bool) -> Iterator[bytes]:
        size = len(body) // SLOW_PIECES + 1 if slow else len(body)
        with self._lock:
            self.sending += 1
        try:
            for start in range(0, len(body), size):
                yield body[start : start + size]
                if slow:
                    time.sleep(SLOW_SEC)
        finally:
            with self._lock:
                self.sending -= 1

    def _start(self, upload_id: str) -> httpx.Response:
        """Start what was stored. A second try finds no upload; then the session itself is the answer."""
        answer = self._http.post(f"{self._api}/uploads/{upload_id}/start")
        return self._http.get(f"{self._api}/sessions/{upload_id}") if answer.status_code == 404 else answer

    def _act(self, visit: Visit, session_id: str) -> None:
        match visit.plan:
            case "cancel" | "cancel, then retry":
                self._stop.wait(visit.wait_sec)
                self._ask(session_id, "cancel")
                if visit.plan == "cancel, then retry":
                    self._stop.wait(visit.wait_sec / 4)
                    self._ask(session_id, "retry")
            case "cancel, retry and cancel at once":
                self._stop.wait(visit.wait_sec)
                self._at_once(session_id, ("cancel", "retry", "cancel"))
            case "cancel when completed":
                self._wait_until_completed(session_id)
                self._ask(session_id, "cancel")

    def _at_once(self, session_id: str, verbs: tuple[str, ...]) -> None:
        threads = [threading.Thread(target=self._ask, args=(session_id, verb)) for verb in verbs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ask(self, session_id: str, verb: str) -> None:
        answer = None
        with suppress(httpx.HTTPError):
            answer = self._http.post(f"{self._api}/sessions/{session_id}/{verb}").status_code
        self.journal.note(Act(session_id, verb, answer))

    def _wait_until_completed(self, session_id: str) -> None:
        while not self._stop.wait(0.5):
            try:
                seen: dict[str, Any] = self._http.get(f"{self._api}/sessions/{session_id}/status").json()
            except (httpx.HTTPError, ValueError):
                continue
            if seen.get("status") in {"completed", "failed", "cancelled"}:
                return


def _form(boundary: str, recording: bytes, filename: str, fields: dict[str, str]) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
    parts.append(f"{head}Content-Type: audio/wav\r\n\r\n".encode() + recording + f"\r\n--{boundary}--\r\n".encode())
    return b"".join(parts)
