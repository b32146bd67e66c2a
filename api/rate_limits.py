"""How often one caller may call: counted in this process, answered with 429 and when to come back."""

import math
import time
from collections import deque
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from threading import Lock
from typing import Any

from api.problems import ApiProblem
from jobs.policy import Person
from store.settings import settings

WINDOW_SEC = 60.0
POLICY = "ratelimit-policy"  # always the same for a caller
MOST_CALLERS = 10_000  # when there are more, those who have been silent for a minute are forgotten


class Calls:
    """The calls of each caller in the last minute. What one costs depends neither on their number nor on the limit."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._of: dict[tuple[str, str], deque[float]] = {}
        self._forgot_at = float("-inf")

    def __len__(self) -> int:
        return len(self._of)

    def hit(self, key: tuple[str, str], most: int) -> tuple[bool, int, int]:
        """Whether this call is within the limit, how many more are, and the seconds until there is room for another."""
        with self._lock:
            now = self._clock()
            calls = self._of.get(key)
            if calls is None:
                self._forget_silent(now)
                calls = self._of[key] = deque()
            while calls and calls[0] <= now - WINDOW_SEC:
                calls.popleft()
            allowed = len(calls) < most
            if allowed:
                calls.append(now)
            return allowed, max(most - len(calls), 0), max(math.ceil(calls[0] + WINDOW_SEC - now), 1)

    def clear(self) -> None:
        with self._lock:
            self._of.clear()

    def _forget_silent(self, now: float) -> None:
        if len(self._of) >= MOST_CALLERS and now >= self._forgot_at + 1:
            self._forgot_at = now
            self._of = {key: calls for key, calls in self._of.items() if calls and calls[-1] > now - WINDOW_SEC}


_calls = Calls()


def count(caller: str, headers: MutableMapping[str, str], *, upload: bool = False) -> None:
    """Count a call of this caller, and say in `headers` what is left; ApiProblem (429) when it was one too many."""
    _count(("calls", caller), settings().rate_limit_per_minute, headers)
    if upload:
        _count(("uploads", caller), settings().uploads_per_minute, headers)


def counted_once(scope: MutableMapping[str, Any], person: Person, *, upload: bool = False) -> MutableMapping[str, str]:
    """Count this request of the person, unless whoever had it before has; the headers that say what is left."""
    told: MutableMapping[str, str] = scope.setdefault("desk.headers", {})
    if not person.local and not scope.get("desk.counted"):
        count(person.account_id, told, upload=upload)
        scope["desk.counted"] = True
    return told


def forget() -> None:
    """Everybody starts anew."""
    _calls.clear()


def _count(key: tuple[str, str], most: int, headers: MutableMapping[str, str]) -> None:
    """Tell what the headers of the IETF's draft tell."""
    allowed, left, wait_sec = _calls.hit(key, most)
    headers[POLICY] = _policy(key[0], most)
    headers["ratelimit"] = f'"{key[0]}";r={left};t={wait_sec}'
    if not allowed:
        raise _too_many(key[0], most, wait_sec)


@lru_cache
def _policy(kind: str, most: int) -> str:
    return f'"{kind}";q={most};w={WINDOW_SEC:.0f}'


def _too_many(kind: str, most: int, wait_sec: int) -> ApiProblem:
    what = "recordings" if kind == "uploads" else "calls"
    return ApiProblem(
        429,
        "too-many-requests",
        "These were too many requests in a minute.",
        f"At most {most} {what} a minute are answered. Try again in {wait_sec} seconds.",
        advice="Trying again will help, after the time that Retry-After says.",
        headers={"Retry-After": str(wait_sec)},
    )
