"""How often one caller may call: counted in this process, answered with 429 and when to come back."""

import math
import time
from collections.abc import MutableMapping
from typing import Any

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.problems import ApiProblem
from store.settings import settings

_limiter = MovingWindowRateLimiter(MemoryStorage())


def count(caller: str, headers: MutableMapping[str, str], *, upload: bool = False) -> None:
    """Count a call of this caller, and say in `headers` what is left; ApiProblem (429) when it was one too many."""
    _count(RateLimitItemPerMinute(settings().rate_limit_per_minute), ("calls", caller), headers)
    if upload:
        _count(RateLimitItemPerMinute(settings().uploads_per_minute), ("uploads", caller), headers)


def forget() -> None:
    """Everybody starts anew."""
    _limiter.storage.reset()


def _count(item: RateLimitItemPerMinute, key: tuple[str, str], headers: MutableMapping[str, str]) -> None:
    if not _limiter.hit(item, *key):
        raise _too_many(item, key, headers)
    _tell(item, key, headers)


def _tell(item: RateLimitItemPerMinute, key: tuple[str, str], headers: MutableMapping[str, str]) -> int:
    """The headers of the IETF's draft, and the seconds until there is room again."""
    stats = _limiter.get_window_stats(item, *key)
    wait_sec = max(math.ceil(stats.reset_time - time.time()), 1)
    headers["RateLimit-Policy"] = f'"{key[0]}";q={item.amount};w=60'
    headers["RateLimit"] = f'"{key[0]}";r={max(stats.remaining, 0)};t={wait_sec}'
    return wait_sec


def _too_many(item: RateLimitItemPerMinute, key: tuple[str, str], headers: MutableMapping[str, Any]) -> ApiProblem:
    wait_sec = _tell(item, key, headers)
    what = "recordings" if key[0] == "uploads" else "calls"
    return ApiProblem(
        429,
        "too-many-requests",
        "These were too many requests in a minute.",
        f"At most {item.amount} {what} a minute are answered. Try again in {wait_sec} seconds.",
        advice="Trying again will help, after the time that Retry-After says.",
        headers={"Retry-After": str(wait_sec)},
    )
