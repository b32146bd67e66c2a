"""Logs are one line an event, with the session's id where there is one."""

import logging
import re
import threading

import pytest

from store.logs import OneLine, about_session


def line(message: str, **extra: object) -> str:
    record = logging.LogRecord("jobs.attempt", logging.INFO, __file__, 1, message, None, None)
    record.__dict__.update(extra)
    return OneLine().format(record)


def test_a_line_names_time_level_module_and_session() -> None:
    with about_session("42"):
        written = line("Starting transcription for session 42")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} INFO jobs.attempt \[42\] Starting transcription for session 42",
        written,
    )


def test_outside_a_session_there_is_a_dash() -> None:
    with about_session("42"):
        pass
    assert "[-]" in line("Reconciler is ready")


def test_a_traceback_and_a_name_with_line_breaks_stay_on_one_line() -> None:
    with pytest.raises(ValueError, match="boom") as failure:
        raise ValueError("boom\nwith a second line")
    written = line("Unforeseen\nerror", exc_info=(failure.type, failure.value, failure.tb))
    assert "\n" not in written
    assert "ValueError: boom" in written


def test_another_thread_has_its_own_session() -> None:
    written: list[str] = []
    with about_session("42"):
        other = threading.Thread(target=lambda: written.append(line("beside it")))
        other.start()
        other.join()
    assert "[-]" in written[0]
