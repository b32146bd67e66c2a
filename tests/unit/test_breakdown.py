"""Where the time of a session went, stage by stage, each against what is usual."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.breakdown import Part, breakdown, in_words, typical
from store.stage_queries import Stages
from store.states import Status
from store.timeline_queries import AttemptRow
from tests.instruments.records import NOW, ago, ended, running, waiting

FINISHED = [Stages(NOW, "pocketsphinx", False, 600.0, 4.0, 60.0, 6.0, 150.0, 12.0, 0.5)] * 3
ATTEMPT = AttemptRow(
    number=1,
    engine="pocketsphinx",
    worker="host-1",
    job_id=None,
    started_by="anna",
    expected_sec=900,
    resumed_sec=0,
    processed_sec=0,
    queued_at=ago(1280),
    started_at=ago(920),
    prepared_at=ago(900),
    speakers_at=None,
    recognised_at=ago(2),
    finished_at=NOW,
    outcome="completed",
    error_code=None,
    error_text=None,
)


def test_a_completed_session_is_the_sum_of_its_stages() -> None:
    record = ended(Status.COMPLETED, created_at=ago(1280), upload_sec=12.0)
    parts = {part.stage: part.sec for part in breakdown(record, [ATTEMPT], {})}
    assert parts == {"Upload": 12.0, "Queue": 360.0, "Preparation": 20.0, "Recognition": 898.0, "Saving": 2.0}


def test_telling_speakers_apart_is_a_stage_of_its_own() -> None:
    told = replace(ATTEMPT, speakers_at=ago(32))
    parts = {part.stage: part.sec for part in breakdown(ended(Status.COMPLETED, created_at=ago(1280)), [told], {})}
    assert parts == {"Queue": 360.0, "Preparation": 20.0, "Recognition": 868.0, "Speakers": 30.0, "Saving": 2.0}
    under_way = replace(told, recognised_at=None, finished_at=None, outcome=None)
    assert breakdown(running(elapsed_sec=920), [under_way], {})[-1] == Part("Speakers", 32.0, None)


def test_what_is_usual_grows_with_the_recording_where_work_does() -> None:
    assert typical(FINISHED, 3600.0) == pytest.approx(
        {"Upload": 4.0, "Queue": 60.0, "Preparation": 36.0, "Recognition": 900.0, "Speakers": 72.0, "Saving": 0.5}
    )
    assert typical(FINISHED[:2], 3600.0) == {}


def test_a_start_is_not_taken_for_a_pace() -> None:
    """Two seconds whatever the length, and one for five minutes: an odd session turns nothing."""
    seen = [
        replace(FINISHED[0], audio_sec=length, preparation_sec=2 + length / 300) for length in (10, 20, 30, 60, 900)
    ]
    odd = replace(FINISHED[0], audio_sec=40.0, preparation_sec=90.0)
    assert typical([odd, *seen], 3600.0)["Preparation"] == pytest.approx(14, rel=0.05)
    assert typical([odd, *seen], 10.0)["Preparation"] == pytest.approx(2, rel=0.1)


def test_words_name_what_is_slower_than_usual() -> None:
    parts = [Part("Queue", 360.0, 60.0), Part("Recognition", 900.0, 900.0)]
    assert parts[0].text == "queue 6 min, usually 1 min"
    assert in_words(parts) == "Longer than usual: queue 6 min, usually 1 min."
    assert in_words(parts[1:]) == "Every stage takes about as long as usual."
    assert in_words([Part("Queue", 5.0, None)]) == "What is usual is known after a few finished sessions."


def test_a_running_session_shows_where_the_time_goes_so_far() -> None:
    row = replace(ATTEMPT, recognised_at=None, finished_at=None, outcome=None, prepared_at=None)
    parts = breakdown(running(elapsed_sec=920), [row], {})
    assert [(part.stage, part.sec) for part in parts] == [("Queue", 60.0), ("Preparation", 920.0)]


def test_a_waiting_session_waits_in_the_queue() -> None:
    assert breakdown(waiting(), [], {}) == [Part("Queue", 60.0, None)]


def test_two_attempts_are_added_up_and_the_time_between_them_is_queue() -> None:
    first = replace(ATTEMPT, started_at=ago(1200), prepared_at=ago(1190), finished_at=ago(1000), outcome="retried")
    second = replace(ATTEMPT, number=2)
    record = ended(Status.COMPLETED, created_at=ago(1280))
    parts = {part.stage: part.sec for part in breakdown(record, [replace(first, recognised_at=None), second], {})}
    assert parts["Queue"] == 80.0 + 80.0
    assert sum(parts.values()) == pytest.approx((NOW - ago(1280)) / timedelta(seconds=1))
