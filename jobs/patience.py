"""Waiting out a Postgres that is away: the watchdog ends the waiting when the lease has run out."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

PATIENCE_SEC = 0.5
T = TypeVar("T")
log = logging.getLogger(__name__)


def patiently(act: Callable[[], T]) -> T:
    """What `act` returns, which is called again and again while Postgres does not answer. Only for what may be
    repeated after an unclear COMMIT."""
    while True:
        try:
            return act()
        except (OperationalError, InterfaceError) as error:
            log.warning("Postgres does not answer, trying again: %s", str(error).partition("\n")[0])
            time.sleep(PATIENCE_SEC)
