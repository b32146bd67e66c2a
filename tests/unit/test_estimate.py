"""How long it will take: conservative at first, learned later, and soon measured on the attempt itself."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.durations import about
from jobs.estimate import (
    SUBMITTED,
    Calibration,
    Expectation,
    Finished,
    Lately,
    Pace,
    Shown,
    calibrate,
    estimate,
    expect,
    waiting,
)
from jobs.estimate.intervals import Bounds
from jobs.estimate.pace import present

shares = st.floats(0.001, 1)
KNOWN = Calibration(46, {0.0: Bounds(-0.3, 0.4), 0.5: Bounds(-0.1, 0.2), SUBMITTED: Bounds(-0.4, 0.5)})
LEARNED = Expectation(300, 1.5, learned=True)


def left(
    expectation: Expectation, calibration: Calibration = KNOWN, *, since_sec: float = 0.0, **shown: float
) -> float:
    facts = {"processed_sec": 0.0, "total_sec": 600.0, "elapsed_sec": 0.0} | shown
    return estimate(expectation, Shown(**facts), calibration, since_sec=since_sec).sec


def test_the_worked_example_has_three_and_a_half_hours_left() -> None:
    found = left(expect(3600, []), Calibration(), processed_sec=450, total_sec=3600, elapsed_sec=1800)
    assert found == pytest.approx(12_600, rel=0.01)
    assert about(found) == "~3.5 hours"


def test_without_finished_sessions_four_times_the_recording_is_expected() -> None:
    assert expect(900, []) == Expectation(3600, 4.0, learned=False)


def test_one_finished_session_outweighs_the_prior() -> None:
    assert expect(1000, [Finished(600, 150)]).expected_sec == pytest.approx(250)


def test_the_expectation_is_learned_from_the_median_pace_of_the_latest() -> None:
    paces = (0.2, 0.24, 0.25, 0.25, 0.26, 9.0)
    assert expect(1000, [Finished(600, 600 * pace) for pace in paces]).expected_sec == pytest.approx(250, rel=0.05)
    drifted = [Finished(600, 300)] * 20 + [Finished(600, 60)] * 100
    assert expect(1000, drifted).expected_sec == pytest.approx(500, rel=0.05)


def test_what_a_start_costs_is_learned_from_short_recordings_and_long_ones() -> None:
    seen = [Finished(audio, 10 + 0.25 * audio) for audio in (10, 30, 60, 120, 300, 900, 1800, 2400)]
    assert expect(20, seen).expected_sec == pytest.approx(15, rel=0.15)
    assert expect(3600, seen).expected_sec == pytest.approx(910, rel=0.15)


def test_a_session_that_shares_the_cores_is_expected_to_take_longer() -> None:
    seen = [Finished(600 + 10 * i, (600 + 10 * i) * 0.2 * at_once, at_once) for i in range(6) for at_once in (1, 2)]
    alone, shared = (expect(1000, seen, at_once=at_once).expected_sec for at_once in (1, 3))
    assert alone == pytest.approx(200, rel=0.05)
    assert shared == pytest.approx(600, rel=0.05)


def test_lengths_far_away_widen_the_spread() -> None:
    notes = [Finished(7.0, 7.0)] * 20
    assert expect(10, notes).spread == 1.15  # never surer than that
    assert expect(3600, notes).spread > 3


def test_a_session_without_a_pace_teaches_nothing() -> None:
    assert not expect(600, [Finished(0.0, 5.0), Finished(600.0, 0.0)]).learned


def test_day_one_stops_promising_an_hour_after_the_first_chunk() -> None:
    """A 15-minute recording on an engine that takes a third of real time: first chunk of 20 s after 7 s."""
    assert left(expect(900, []), Calibration(), processed_sec=20, total_sec=900, elapsed_sec=7) < 1500
    assert left(expect(900, []), Calibration(), processed_sec=60, total_sec=900, elapsed_sec=20) < 750


def test_its_own_pace_counts_most_at_the_end() -> None:
    assert left(LEARNED, processed_sec=450, elapsed_sec=450) == pytest.approx(150, rel=0.1)


def test_the_preparation_says_nothing_of_the_pace() -> None:
    """After 60 s of preparation and 3 s of work a hundredth is done: the rest takes five minutes, not 100."""
    assert left(LEARNED, processed_sec=6, elapsed_sec=63, prepared_sec=60) == pytest.approx(297, rel=0.1)


def test_a_worker_that_slows_down_by_half_midway_is_believed_more_and_more() -> None:
    """Expected 300 s for 600 s of audio; the second half takes twice its time. At 75 % another 150 s are left."""
    assert left(LEARNED, processed_sec=300, elapsed_sec=150) == pytest.approx(150)
    late = left(LEARNED, processed_sec=450, elapsed_sec=300)
    assert 75 < late < 150


def reports(paces: list[float], *, each_sec: float = 20.0, total_sec: float = 600.0) -> Lately | None:
    """The pace of lately after reports of `each_sec` of audio that had these paces."""
    pace, at_sec = Pace(0.0, 0.0, total_sec), 0.0
    for number, own in enumerate(paces, 1):
        at_sec += own * each_sec
        pace.report(at_sec, number * each_sec)
    return pace.lately


def test_a_slow_down_is_seen_in_the_pace_of_lately_long_before_the_mean_tells() -> None:
    """600 s of audio: 300 s at half of real time, 100 s at real time, so the last 200 s take about 200, not 125."""
    lately = reports([0.5] * 15 + [1.0] * 5)
    facts = {"processed_sec": 400.0, "elapsed_sec": 250.0}
    assert left(LEARNED, **facts) == pytest.approx(125, rel=0.1)
    assert estimate(LEARNED, Shown(total_sec=600, lately=lately, **facts), KNOWN).sec > 160


def test_a_steady_pace_is_the_same_lately() -> None:
    lately = reports([0.5] * 15)
    assert lately is not None
    assert lately.pace == pytest.approx(0.5)
    assert reports([]) is None


def test_one_slow_report_among_few_is_taken_for_chance() -> None:
    one, several = reports([0.5, 0.5, 1.0]), reports([0.5] * 30 + [1.0] * 20, each_sec=12.0)
    assert one is not None
    assert several is not None
    assert present(0.7, one) < 0.75
    assert present(0.7, several) > 0.85


def test_what_was_resumed_and_what_says_nothing_new_is_no_report() -> None:
    pace = Pace(10.0, 300.0, 600.0)
    pace.report(40.0, 300.0)
    assert pace.lately is None
    pace.report(40.0, 330.0)
    assert pace.lately == Lately(pytest.approx(1.0), 1.0)


def test_a_coarse_engine_counts_down_from_what_was_expected() -> None:
    assert left(LEARNED, since_sec=100) == pytest.approx(200)
    assert left(LEARNED, since_sec=500) == 1


def test_a_resumed_attempt_is_measured_by_what_it_did_itself() -> None:
    """Half was done before; this attempt took 30 s for a quarter, so the last quarter takes 30 s more."""
    found = left(replace(LEARNED, expected_sec=120), processed_sec=450, elapsed_sec=30, resumed_sec=300)
    assert found == pytest.approx(30, rel=0.05)


def test_a_resumed_attempt_that_has_just_begun_expects_the_rest_alone() -> None:
    assert left(LEARNED, processed_sec=300, resumed_sec=300) == pytest.approx(150)
    assert waiting(LEARNED, Calibration(), wait_sec=0, resumed_share=0.5).sec == pytest.approx(150)


def test_remaining_and_interval_count_down_between_two_reports() -> None:
    shown = Shown(processed_sec=300, total_sec=600, elapsed_sec=150)
    at_report, later = (estimate(LEARNED, shown, KNOWN, since_sec=since) for since in (0, 20))
    assert at_report.sec - later.sec == pytest.approx(20)
    assert at_report.low_sec is not None
    assert later.low_sec is not None
    assert at_report.low_sec - later.low_sec == pytest.approx(20)


def test_below_nine_finished_sessions_there_is_no_interval() -> None:
    few = calibrate([{0.0: 0.1}] * 8)
    found = estimate(LEARNED, Shown(0, 600, 0), few)
    assert (found.low_sec, found.high_sec, found.sessions, found.overdue) == (None, None, 8, False)
    assert estimate(LEARNED, Shown(0, 600, 0), calibrate([{0.0: 0.1}] * 9)).low_sec is not None


def test_past_the_upper_bound_of_its_start_a_session_is_overdue() -> None:
    """300 s expected, and nine of ten take less than 1.49 times that."""
    assert not estimate(LEARNED, Shown(300, 600, 440), KNOWN).overdue
    assert estimate(LEARNED, Shown(300, 600, 440), KNOWN, since_sec=10).overdue


def test_a_waiting_session_has_an_interval_of_its_own() -> None:
    found = waiting(LEARNED, KNOWN, wait_sec=100, resumed_share=0)
    assert found.sec == pytest.approx(400)
    assert found.low_sec == pytest.approx(400 * 0.670, rel=0.01)
    assert found.high_sec == pytest.approx(400 * 1.649, rel=0.01)


@given(
    expected=st.floats(2, 100_000),
    spread=st.floats(1, 4),
    total=st.floats(0.2, 30_000),
    resumed=shares,
    further=shares,
    elapsed=st.floats(0, 100_000),
    since=st.floats(0, 100_000),
    low=st.floats(-2, 2),
    width=st.floats(0, 2),
)
def test_it_is_at_least_a_second_and_lies_in_its_interval(
    expected: float,
    spread: float,
    total: float,
    resumed: float,
    further: float,
    elapsed: float,
    since: float,
    low: float,
    width: float,
) -> None:
    found = estimate(
        Expectation(expected, spread, learned=True),
        Shown(total * min(resumed + further, 1), total, elapsed, resumed_sec=total * resumed),
        Calibration(9, {0.0: Bounds(low, low + width)}),
        since_sec=since,
    )
    assert found.sec >= 1
    assert found.low_sec is not None
    assert found.high_sec is not None
    assert 0 <= found.low_sec <= found.sec <= found.high_sec


def test_a_session_that_is_all_done_has_a_second_left() -> None:
    assert left(expect(60, []), Calibration(), processed_sec=60, total_sec=60, elapsed_sec=10) == 1
