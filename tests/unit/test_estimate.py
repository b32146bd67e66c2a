"""How long it will take: conservative at first, learned later, and soon measured on the attempt itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.durations import about
from jobs.estimate import Expectation, expect, expected_before_start, remaining

shares = st.floats(0.001, 1)


def test_the_worked_example_has_three_and_a_half_hours_left() -> None:
    left = remaining(expect(3600, []), processed_sec=450, total_sec=3600, elapsed_sec=1800)
    assert left.sec == pytest.approx(12_600, rel=0.01)
    assert about(left.sec) == "~3.5 hours"


def test_without_finished_sessions_four_times_the_recording_is_expected() -> None:
    assert expect(900, []) == Expectation(3600, 4.0, learned=False)


def test_the_expectation_is_learned_from_the_median_pace() -> None:
    finished = [(600.0, 600.0 * pace) for pace in (0.2, 0.25, 0.3, 0.35, 9.0)]
    learned = expect(1000, finished)
    assert learned.learned
    assert learned.expected_sec == pytest.approx(300)


def test_sessions_of_similar_length_teach_most() -> None:
    short = [(10.0, 20.0)] * 30
    long = [(3600.0, 900.0)] * 30
    assert expect(12, short + long).expected_sec == pytest.approx(24)
    assert expect(4000, short + long).expected_sec == pytest.approx(1000)


def test_lengths_far_away_widen_the_interval() -> None:
    notes = [(7.0, 7.0)] * 20
    assert expect(10, notes).spread == 1.15
    assert expect(3600, notes).spread > 3


def test_the_spread_is_that_of_the_finished_sessions() -> None:
    alike = [(600.0, 150.0)] * 20
    apart = [(600.0, 600.0 * pace / 10) for pace in range(1, 21)]
    assert expect(600, alike).spread == 1.15  # never surer than that
    assert expect(600, apart).spread > 2
    assert expect(600, apart[:2]).spread == 2.0  # two sessions say little about the spread


def test_a_session_without_a_pace_teaches_nothing() -> None:
    assert not expect(600, [(0.0, 5.0), (600.0, 0.0)]).learned


def test_day_one_stops_promising_an_hour_after_the_first_chunk() -> None:
    """A 15-minute recording on an engine that takes a third of real time: first chunk of 20 s after 7 s."""
    left = remaining(expect(900, []), processed_sec=20, total_sec=900, elapsed_sec=7)
    assert left.sec < 1500
    left = remaining(expect(900, []), processed_sec=60, total_sec=900, elapsed_sec=20)
    assert left.sec < 750


def test_at_the_start_the_expectation_stands() -> None:
    left = remaining(Expectation(300, 1.5, learned=True), processed_sec=0, total_sec=600, elapsed_sec=0)
    assert (left.sec, left.low_sec, left.high_sec) == pytest.approx((300, 200, 450))


def test_its_own_pace_counts_most_at_the_end() -> None:
    left = remaining(Expectation(300, 3.0, learned=True), processed_sec=450, total_sec=600, elapsed_sec=450)
    assert left.sec == pytest.approx(150, rel=0.2)
    assert left.high_sec / left.sec < 1.4


def test_a_resumed_attempt_is_measured_by_what_it_did_itself() -> None:
    """Half was done before; this attempt took 30 s for a quarter, so the last quarter takes 30 s more."""
    left = remaining(
        Expectation(120, 1.5, learned=True), processed_sec=450, total_sec=600, elapsed_sec=30, resumed_sec=300
    )
    assert left.sec == pytest.approx(30, rel=0.05)


def test_a_resumed_attempt_that_has_just_begun_expects_the_rest_alone() -> None:
    left = remaining(
        Expectation(120, 1.5, learned=True), processed_sec=300, total_sec=600, elapsed_sec=0, resumed_sec=300
    )
    assert left.sec == pytest.approx(60)
    assert expected_before_start(Expectation(120, 1.5, learned=True), resumed_share=0.5).sec == pytest.approx(60)


@given(
    expected=st.floats(2, 100_000),
    spread=st.floats(1, 4),
    learned=st.booleans(),
    total=st.floats(0.2, 30_000),
    resumed=shares,
    further=shares,
    elapsed=st.floats(0, 100_000),
)
def test_it_is_at_least_a_second_and_lies_in_its_interval(
    expected: float, spread: float, learned: bool, total: float, resumed: float, further: float, elapsed: float
) -> None:
    left = remaining(
        Expectation(expected, spread, learned),
        processed_sec=total * min(resumed + further, 1),
        total_sec=total,
        elapsed_sec=elapsed,
        resumed_sec=total * resumed,
    )
    assert left.sec >= 1
    assert 0 < left.low_sec <= left.sec <= left.high_sec


def test_a_session_that_is_all_done_has_a_second_left() -> None:
    assert remaining(expect(60, []), processed_sec=60, total_sec=60, elapsed_sec=10).sec == 1


def test_clips_of_seconds_do_not_outvote_the_few_recordings_of_like_length() -> None:
    clips, alike = [(5.0, 12.0)] * 15, [(600.0, 100.0)] * 3
    learned = expect(600, clips + alike)
    assert learned.expected_sec == pytest.approx(100)
    assert learned.spread <= 2
