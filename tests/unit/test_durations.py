"""Durations read as people say them, and no more exact than they are known."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from jobs.durations import about, ago, between, clock, end_is_missing, iso, roughly, times_real_time


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0:00"), (0, "0:00"), (7.9, "0:07"), (725, "12:05"), (3600, "1:00:00"), (3723.4, "1:02:03")],
)
def test_audio_is_told_as_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (5, "5 s"),
        (12, "10 s"),
        (54, "55 s"),
        (60, "1 min"),
        (430, "7 min"),
        (3290, "55 min"),
        (3600, "1 hour"),
        (5400, "1.5 hours"),
        (12_600, "3.5 hours"),
        (14_400, "4 hours"),
    ],
)
def test_a_length_of_time_is_rounded_for_a_person(seconds: float, text: str) -> None:
    assert roughly(seconds) == text
    assert about(seconds) == f"~{text}"


def test_no_length_reads_shorter_than_a_shorter_one() -> None:
    """The units change at 55 s, 55 min and the half hours: nowhere may the text fall back."""
    unit = {"s": 1, "min": 60, "hour": 3600, "hours": 3600}
    told = [float(text.split()[0]) * unit[text.split()[1]] for text in (roughly(second) for second in range(1, 40_000))]
    assert told == sorted(told)


def test_an_interval_that_reads_the_same_at_both_ends_is_one_length() -> None:
    assert between(300, 540) == "5 min to 9 min"
    assert between(299, 301) == "5 min"


@pytest.mark.parametrize(("seconds", "text"), [(0.5, "just now"), (12, "10 s ago"), (300, "5 min ago")])
def test_how_long_since(seconds: float, text: str) -> None:
    assert ago(seconds) == text


def test_the_api_writes_times_in_utc_to_the_second() -> None:
    berlin = datetime(2025, 1, 9, 11, 30, 0, 999, tzinfo=timezone(timedelta(hours=1)))
    assert iso(berlin) == "2025-01-09T10:30:00Z"
    assert iso(datetime(2025, 1, 9, tzinfo=UTC)) == "2025-01-09T00:00:00Z"
    assert iso(None) is None


@pytest.mark.parametrize(
    ("audio_sec", "processing_sec", "text"),
    [
        (3600, 920, "3.9x faster than real time"),
        (60, 60, "1.0x faster than real time"),
        (60, 120, "2.0x slower than real time"),
        (60, 0, ""),
        (0, 60, ""),
    ],
)
def test_speed_reads_as_a_multiple_of_real_time(audio_sec: float, processing_sec: float, text: str) -> None:
    assert times_real_time(audio_sec, processing_sec) == text


@pytest.mark.parametrize(
    ("there_sec", "promised_sec", "missing"),
    [(60, None, False), (60, 60, False), (60, 61.9, False), (3540, 3600, False), (60, 63, True), (3500, 3600, True)],
)
def test_a_file_whose_end_is_missing_is_told_from_one_that_is_counted_otherwise(
    there_sec: float, promised_sec: float | None, missing: bool
) -> None:
    assert (end_is_missing(there_sec, promised_sec) is not None) == missing


def test_how_much_is_missing_is_said_in_words() -> None:
    assert end_is_missing(192, 360) == (
        "The file ends after 3:12, although it says that it lasts 6:00. What is there is transcribed."
    )
