"""Every failure has a code, a sentence for the coach, and a word on whether trying again helps."""

import errno
import re

import pytest

from jobs.errors import (
    ERRORS,
    EngineUnavailable,
    ErrorKind,
    NotAudio,
    StorageRefused,
    StorageUnavailable,
    TranscriptDeskError,
    Unexpected,
    classify,
    likely_to_help,
)
from store.audio import AudioStoreRefused


def concrete(cls: type[TranscriptDeskError] = TranscriptDeskError) -> set[type[TranscriptDeskError]]:
    """Those of jobs/errors.py: the others are of a request, and no session ends with one."""
    found = {sub for direct in cls.__subclasses__() for sub in ({direct} | concrete(direct))}
    return {sub for sub in found if sub.__module__ == "jobs.errors"}


def test_the_table_holds_every_error() -> None:
    assert set(ERRORS.values()) == concrete()


@pytest.mark.parametrize("code", ERRORS)
def test_each_error_speaks_in_sentences(code: str) -> None:
    error = ERRORS[code]()
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert error.code == code
    assert isinstance(error.kind, ErrorKind)
    assert error.sentence[0].isupper()
    assert error.sentence.endswith(".")
    assert likely_to_help(code).startswith("Trying again")


def test_what_cannot_help_is_not_retried() -> None:
    for code, cls in ERRORS.items():
        hopeless = "not help" in likely_to_help(code) or "not likely" in likely_to_help(code)
        assert hopeless <= (cls.kind in (ErrorKind.USER, ErrorKind.PERMANENT, ErrorKind.POISON)), code


def test_an_unknown_code_is_treated_as_unexpected() -> None:
    assert likely_to_help("from-an-older-version") == likely_to_help(Unexpected.code)


def test_the_coach_never_reads_the_detail() -> None:
    error = NotAudio(detail="demuxer says 22")
    assert "22" not in error.sentence
    assert "22" in str(error)


def test_a_named_error_stays_itself() -> None:
    error = NotAudio("This one.")
    assert classify(error) is error


@pytest.mark.parametrize(
    ("met", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageUnavailable),
        (ConnectionRefusedError("redis"), StorageUnavailable),
        (TimeoutError("slow"), StorageUnavailable),
        (AudioStoreRefused("no right"), StorageRefused),
        (FileNotFoundError("scratch file"), Unexpected),
        (ModuleNotFoundError("pocketsphinx"), EngineUnavailable),
        (KeyError("x"), Unexpected),
        (MemoryError(), Unexpected),
    ],
)
def test_classify_takes_the_most_specific(met: Exception, expected: type[TranscriptDeskError]) -> None:
    assert type(classify(met)) is expected
    assert type(met).__name__ in (classify(met).detail or "")
