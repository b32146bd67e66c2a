"""Logs statements that took long: their text, never their values, which hold titles and words."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from store.settings import settings

LONGEST_TEXT = 500
STARTED = "statement_started"
log = logging.getLogger(__name__)


def watch(engine: Engine, program: str) -> None:
    """Log each statement of this engine that takes `SLOW_QUERY_MS` or longer, those that fail included; `program` is
    what the connections are called in pg_stat_activity."""
    if not settings().slow_query_ms:
        return

    def ended(context: Any, statement: str) -> None:
        _tell_of(statement, context.get(STARTED, time.perf_counter()), program)

    @event.listens_for(engine, "before_cursor_execute")
    def before(connection: Any, *_: object) -> None:
        connection.info[STARTED] = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def after(connection: Any, _cursor: object, statement: str, *_: object) -> None:
        ended(connection.info, statement)

    @event.listens_for(engine, "handle_error")
    def failed(context: Any) -> None:
        if context.connection is not None and context.statement is not None:
            ended(context.connection.info, context.statement)


@contextmanager
def watched(statement: str, program: str) -> Iterator[None]:
    """The same for a statement that is sent past SQLAlchemy."""
    started = time.perf_counter()
    try:
        yield
    finally:
        _tell_of(statement, started, program)


def _tell_of(statement: str, started: float, program: str) -> None:
    took_ms, limit_ms = (time.perf_counter() - started) * 1000, settings().slow_query_ms
    if limit_ms and took_ms >= limit_ms:
        log.warning("Slow query, %.0f ms, %s: %s", took_ms, program, _shortened(statement))


def _shortened(statement: str) -> str:
    line = " ".join(statement.split())
    return line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
