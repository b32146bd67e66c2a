"""What a session looks like in each of its states: one pure function from a frozen record."""

from datetime import timedelta
from typing import Any

import pytest

from jobs.durations import iso
from jobs.estimate import Calibration, Finished
from jobs.estimate.intervals import Bounds
from jobs.lessons import Lessons
from jobs.passed import passed_sec
from jobs.session_view import Place, left_of, percent_now, view
from store.session_queries import SessionRecord
from store.states import LOOKS, Status
from tests.instruments.records import NOW, ago, ended, running, waiting

LEARNED = Lessons((Finished(3600, 900),))
SURE = Lessons((Finished(3600, 900),), Calibration(46, {0.0: Bounds(-0.2, 0.3)}))
EVERY_STATE = [
    waiting(),
    running(),
    ended(Status.COMPLETED, progress=100, duration_processed=3600.0, message="Transcription complete!"),
    ended(
        Status.FAILED, progress=42, error_code="recognition-failed", error_kind="retryable", error_text="It stopped."
    ),
    ended(Status.CANCELLED, progress=42, message="Cancelled"),
]


def test_running_as_in_the_worked_example() -> None:
    shown = view(running())
    assert 12 <= shown.progress <= 15
    assert shown.remaining_text == "~3.5 hours"
    assert shown.message == "Processing audio..."
    assert shown.audio_text == "7:30 of 1:00:00"
    assert shown.estimated_completion is not None
    assert abs(shown.estimated_completion - (NOW + timedelta(hours=3.5))) < timedelta(minutes=5)
    assert shown.basis == "measured"


def test_waiting_shows_its_place_and_what_to_expect() -> None:
    shown = view(waiting(), place=Place(2, 3, wait_sec=600), lessons=LEARNED)
    assert (shown.progress, shown.message) == (0, "Waiting in queue")
    assert shown.place == Place(2, 3, 600)
    assert shown.remaining_sec == pytest.approx(1500)
    assert shown.basis == "learned"


def test_waiting_without_an_expectation_promises_nothing() -> None:
    shown = view(waiting())
    assert (shown.remaining_sec, shown.remaining_text, shown.interval_text) == (None, None, None)
    assert shown.estimated_completion is None


def test_completed_shows_a_hundred_and_how_fast_it_went() -> None:
    shown = view(EVERY_STATE[2])
    assert (shown.progress, shown.message) == (100, "Transcription complete!")
    assert shown.processing_sec == 920
    assert shown.speed_text == "3.9x faster than real time"
    assert shown.remaining_sec is None


def test_the_speed_of_a_resumed_attempt_counts_its_own_audio_alone() -> None:
    shown = view(ended(Status.COMPLETED, progress=100, resumed_sec=2680.0))
    assert shown.speed == pytest.approx(1.0)


def test_failed_keeps_its_percentage_and_says_whether_trying_again_helps() -> None:
    shown = view(EVERY_STATE[3])
    assert shown.progress == 42
    assert shown.cause == "It stopped."
    assert shown.advice is not None
    assert shown.advice.startswith("Trying again is likely to help")
    assert shown.speed_text is None


def test_waiting_to_try_again_says_when_and_which_attempt() -> None:
    shown = view(waiting(attempt=1, failures=1, next_run_at=ago(-20), error_text="The engine stopped.", progress=37))
    assert shown.message == "Trying again in 20 s, attempt 2 of 5"
    assert shown.cause == "The engine stopped."
    assert shown.progress == 37


def test_a_try_that_is_due_is_waiting_like_any_other() -> None:
    assert view(waiting(attempt=1, failures=1, next_run_at=ago(1))).message == "Waiting in queue"


def test_a_session_that_waits_to_try_again_is_not_expected_before_its_time() -> None:
    shown = view(waiting(next_run_at=ago(-300)), place=None, lessons=LEARNED)
    assert shown.remaining_sec == pytest.approx(1200)


@pytest.mark.parametrize(
    ("record", "cancel", "retry", "delete"),
    [
        (EVERY_STATE[0], True, False, True),
        (EVERY_STATE[1], True, False, False),
        (EVERY_STATE[2], False, False, True),
        (EVERY_STATE[3], False, True, True),
        (EVERY_STATE[4], False, True, True),
    ],
    ids=lambda value: value.status.value if isinstance(value, SessionRecord) else None,
)
def test_what_can_be_done_in_each_state(record: SessionRecord, cancel: bool, retry: bool, delete: bool) -> None:
    shown = view(record)
    assert (shown.can_cancel, shown.can_retry, shown.can_delete) == (cancel, retry, delete)
    assert shown.look == LOOKS[record.status]


@pytest.mark.parametrize("record", EVERY_STATE, ids=lambda record: record.status.value)
def test_a_hundred_means_completed_in_every_state(record: SessionRecord) -> None:
    assert (view(record).progress == 100) == (record.status is Status.COMPLETED)


def test_the_percentage_moves_with_the_clock_between_two_heartbeats() -> None:
    assert percent_now(running(elapsed_sec=3600)) > percent_now(running(elapsed_sec=1800))


def test_the_percentage_never_falls_below_what_the_history_says() -> None:
    """The recording turned out longer than its header said: what was shown stays until the work has caught up."""
    assert percent_now(running(progress=40)) == 40


def test_all_viewers_see_the_database_clock() -> None:
    shown = view(running(updated_at=ago(3)))
    assert shown.as_of == NOW
    assert shown.updated_ago_sec == 3
    assert iso(shown.started_at) == "2025-01-09T10:00:00Z"


def test_an_estimate_with_an_interval_says_between_which_times_and_from_how_many_sessions() -> None:
    shown = view(running(expected_sec=3600.0, expected_from="history", spread=1.3), lessons=SURE)
    assert shown.similar_sessions == 46
    assert shown.ready_from is not None
    assert shown.ready_to is not None
    assert shown.estimated_completion is not None
    assert NOW < shown.ready_from < shown.estimated_completion < shown.ready_to


def test_below_nine_sessions_the_estimate_is_rough() -> None:
    shown = view(running(), lessons=LEARNED)
    assert (shown.ready_from, shown.ready_to, shown.interval_text) == (None, None, None)
    assert shown.remaining_text == "~3.5 hours"


def test_longer_than_nine_of_ten_is_overdue_and_says_when_it_last_lived() -> None:
    record = running(expected_sec=1200.0, expected_from="history", spread=1.3, heartbeat_at=ago(12))
    shown = view(record, lessons=SURE)
    assert shown.overdue
    assert shown.overdue_text == "Longer than 9 of 10 similar sessions; last sign of life 10 s ago."
    assert not view(running(elapsed_sec=1500, expected_sec=1200.0), lessons=SURE).overdue


def test_remaining_time_counts_down_since_the_last_report() -> None:
    fresh, older = (view(running(elapsed_sec=1800 + s, moved_at=ago(s))) for s in (0, 60))
    assert fresh.remaining_sec is not None
    assert older.remaining_sec is not None
    assert fresh.remaining_sec - older.remaining_sec == pytest.approx(60)


def in_a_chunk(*, since_sec: float, **facts: Any) -> SessionRecord:
    """76 s of audio by an engine that takes 0.5 s a second, whose chunks of 25 s are done at once; prepared in 2 s."""
    made = {
        "elapsed_sec": 2 + since_sec,
        "engine": "whisper",
        "model": "base",
        "duration_total": 76.0,
        "duration_processed": 0.0,
        "duration_begun": 25.0,
        "expected_sec": 38.0,
        "expected_from": "history",
        "prepared_at": ago(since_sec),
    }
    return running(**{**made, **facts})


@pytest.mark.parametrize(("since_sec", "passed"), [(0, 0.0), (6, 12.0), (12, 24.0), (40, 25.0)])
def test_within_the_first_chunk_progress_is_estimated_from_what_is_expected(since_sec: float, passed: float) -> None:
    shown = view(in_a_chunk(since_sec=since_sec))
    assert shown.duration_passed == pytest.approx(passed)
    assert shown.duration_processed == 0  # the fact
    assert shown.basis == "estimated"


def test_a_recording_of_one_chunk_moves_too() -> None:
    shown = view(in_a_chunk(since_sec=5, duration_total=20.0, duration_begun=20.0, expected_sec=10.0))
    assert shown.audio_text == "~0:10 of 0:20"
    assert shown.progress > 40


def test_after_a_report_the_attempts_own_pace_counts() -> None:
    facts = {"duration_processed": 25.0, "duration_begun": 50.0, "recent_pace": 0.25, "recent_reports": 1.0}
    record = in_a_chunk(since_sec=30, **facts, moved_at=ago(3))
    assert passed_sec(record) == pytest.approx(37)
    assert view(record).audio_text == "~0:37 of 1:16"
    assert passed_sec(in_a_chunk(since_sec=30, **facts, moved_at=ago(30))) == 50


def test_the_last_chunk_does_not_pass_the_end() -> None:
    assert passed_sec(in_a_chunk(since_sec=900, duration_begun=76.5)) == 76


@pytest.mark.parametrize(
    "facts",
    [
        {"duration_begun": 0.0},  # an engine that counts within a chunk, or a provider
        {"prepared_at": None, "duration_begun": 0.0},
        {"duration_begun": 25.0, "duration_processed": 25.0, "moved_at": ago(3)},
        {"status": Status.PENDING, "duration_begun": 25.0},
    ],
)
def test_elsewhere_what_is_passed_is_what_is_processed(facts: dict[str, Any]) -> None:
    record = in_a_chunk(since_sec=6, **facts)
    assert passed_sec(record) == record.duration_processed
    assert "~" not in view(record).audio_text


def test_when_a_chunk_is_done_neither_percentage_nor_time_left_jump_back() -> None:
    """Reports come as the pace of all finished sessions says: a second before and after each, nothing goes back."""
    last_percent, last_left = 0, 41.0
    for tenth in range(380):
        since = tenth / 10
        done = 25.0 * int(since // 12.5)
        facts: dict[str, Any] = {"duration_processed": done, "duration_begun": min(done + 25.0, 76.0)}
        if done:
            facts |= {"moved_at": ago(since % 12.5), "recent_pace": 0.5, "recent_reports": done / 25}
        record = in_a_chunk(since_sec=since, spread=1.1, expected_sec=40.0, **facts)
        left = left_of(record, lessons=LEARNED)
        assert left is not None
        assert percent_now(record) >= last_percent
        assert left.sec <= last_left + 1.0
        last_percent, last_left = percent_now(record), left.sec
