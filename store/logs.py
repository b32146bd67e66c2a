"""Logs go to stdout, one line an event, with the session's id where there is one."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from store.redaction import redacted
from store.settings import settings

_session_id: ContextVar[str] = ContextVar("session_id", default="-")


class OneLine(logging.Formatter):
    """`2026-01-09T10:20:00+0000 INFO jobs.attempt [session id] message`; a traceback follows on the same line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(session_id)s] %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        record.session_id = _session_id.get()
        return redacted(super().format(record)).replace("\n", " | ")


@contextmanager
def about_session(session_id: object) -> Iterator[None]:
    """Every line logged in the block, in this thread, carries the session's id."""
    token = _session_id.set(str(session_id))
    try:
        yield
    finally:
        _session_id.reset(token)


def configure() -> None:
    """Send this process's logs to stdout; call it once, at the start of a program."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=settings().log_level, handlers=[handler], force=True)
    for chatty in ("alembic", "faster_whisper"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
