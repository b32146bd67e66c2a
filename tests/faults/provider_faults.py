"""Google's answers that do not come, are wrong, or come too late; operations that end badly; and its servers killed."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx

from tests.faults.cloud import Cloud
from tests.faults.faults import Fault, NothingToHit
from tests.faults.schedule import Planned

METHODS = ("BatchRecognize", "GetOperation", "ListOperations", "CancelOperation")
WEIGHTS = (3, 4, 1, 1)
SHARE = 0.7  # of the calls, while a fault lasts
HANG_SEC = 4.0  # the client gives up after 2
LATE_SEC = 3.0  # so late an operation is accepted although its client has given up
LISTED_LATE_SEC = 2.0
FIRED_WITHIN_SEC = 20.0
POLL_SEC = 0.2
REST_SEC = 2.0  # longest that a killed server is away
SEEDS = 1_000_000_000


def falls(cloud: Cloud) -> dict[str, Callable[[Planned, Fault], None]]:
    """How each kind of fault of the provider falls."""
    calls: dict[str, dict[str, Any]] = {
        "Google: quota exceeded (429)": {"code": "RESOURCE_EXHAUSTED"},
        "Google: internal errors (500)": {"code": "INTERNAL"},
        "Google: unavailable (503)": {"code": "UNAVAILABLE"},
        "Google: calls hang": {"hang_sec": HANG_SEC},
        "Google: permission denied": {"code": "PERMISSION_DENIED"},
    }
    submissions: dict[str, dict[str, Any]] = {
        "Google: 500 although accepted": {"code": "INTERNAL", "accept": True},
        "Google: 503 although accepted": {"code": "UNAVAILABLE", "accept": True},
        "Google: accepted after the client's timeout": {"hang_sec": LATE_SEC, "accept": True},
    }
    orders: dict[str, dict[str, Any]] = {
        "operation lost": {"lose_operation": True},
        "operation failed": {"operation_error": "INTERNAL"},
        "operation refused": {"operation_error": "PERMISSION_DENIED"},
        "result truncated": {"truncated": True},
        "file failed": {"file_error": "INTERNAL"},
        "operation listed late": {"list_delay_sec": LISTED_LATE_SEC},
    }
    return {
        **{name: partial(_calls, cloud, wish) for name, wish in calls.items()},
        **{name: partial(_next_ones, cloud, {"method": METHODS[0], **wish}) for name, wish in submissions.items()},
        **{name: partial(_next_ones, cloud, wish) for name, wish in orders.items()},
        "speech server killed": lambda planned, _fault: cloud.restart_speech(planned.lasts_sec),
        "storage answers 503": lambda planned, _fault: cloud.storage_unavailable(planned.lasts_sec),
        "storage server killed": lambda planned, _fault: cloud.restart_storage(planned.lasts_sec),
    }


def _calls(cloud: Cloud, wish: dict[str, Any], planned: Planned, fault: Fault) -> None:
    """A share of the calls of one method, for a while."""
    seed = _seed(planned)
    place = planned.draw * sum(WEIGHTS)
    method = next(m for m, last in zip(METHODS, (3, 7, 8, 9), strict=True) if place < last)
    _post(cloud, seed, method=method, share=SHARE, lasts_sec=planned.lasts_sec, **wish)
    time.sleep(planned.lasts_sec)
    if not _fired(cloud, seed):
        raise NothingToHit


def _next_ones(cloud: Cloud, wish: dict[str, Any], planned: Planned, fault: Fault) -> None:
    """The next submission or two, or what they become."""
    seed = _seed(planned)
    _post(cloud, seed, times=1 + round(planned.draw), lasts_sec=FIRED_WITHIN_SEC, **wish)
    deadline = time.monotonic() + FIRED_WITHIN_SEC
    while not _fired(cloud, seed):
        if time.monotonic() > deadline:
            raise NothingToHit
        time.sleep(POLL_SEC)


def _post(cloud: Cloud, seed: int, **fault: Any) -> None:
    try:
        cloud.fault(seed, **fault)
    except httpx.HTTPError as error:  # it has just been killed
        raise NothingToHit from error


def _fired(cloud: Cloud, seed: int) -> int:
    try:
        return cloud.fired(seed)
    except httpx.HTTPError as error:
        raise NothingToHit from error


def _seed(planned: Planned) -> int:
    return int(planned.draw * SEEDS)
