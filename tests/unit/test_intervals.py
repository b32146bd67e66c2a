"""Intervals hold as often as they say, also when the engine changes; and how estimates are scored."""

import random

import pytest

from jobs.estimate import FRACTIONS, Calibrator, calibrate
from jobs.estimate.scoring import Scored, accuracy


def share_inside(errors: list[float]) -> float:
    """Of the sessions that had an interval, how many lay in it; each is judged by those before it alone."""
    calibrator, inside, judged = Calibrator(), 0, 0
    for error in errors:
        bounds = calibrator.calibration().at(0.5)
        if bounds is not None:
            judged += 1
            inside += bounds.low <= error <= bounds.high
        calibrator.add({0.5: error})
    return inside / judged


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_holds_eight_times_out_of_ten(seed: int) -> None:
    chance = random.Random(seed)
    assert 0.75 <= share_inside([chance.gauss(0, 0.2) for _ in range(300)]) <= 0.85


@pytest.mark.parametrize("seed", range(5))
def test_it_still_holds_after_the_errors_have_moved_and_grown(seed: int) -> None:
    chance = random.Random(seed)
    errors = [chance.gauss(0, 0.1) for _ in range(150)] + [chance.gauss(0.4, 0.3) for _ in range(150)]
    assert 0.75 <= share_inside(errors) <= 0.85


def test_errors_that_lean_to_one_side_have_an_interval_that_does() -> None:
    bounds = calibrate([{0.0: 0.1 + i / 100} for i in range(19)]).at(0.0)
    assert bounds is not None
    assert 0.05 <= bounds.low < bounds.high <= 0.35  # nowhere near -0.28


def test_between_two_recorded_fractions_the_interval_lies_between_theirs() -> None:
    calibration = calibrate([{0.25: sign * 0.4, 0.5: sign * 0.2} for sign in (-1, 1) for _ in range(10)])
    wide, middle, narrow = (calibration.at(fraction) for fraction in (0.25, 0.375, 0.5))
    assert wide is not None and middle is not None and narrow is not None  # noqa: PT018  for mypy, all at once
    assert middle.high == pytest.approx((wide.high + narrow.high) / 2)
    assert calibration.at(0.9) == narrow


def test_fractions_have_intervals_of_their_own_from_nine_sessions_on() -> None:
    scores = [dict.fromkeys(FRACTIONS, 0.1)] * 8 + [{0.0: 0.1}]
    assert set(calibrate(scores).bounds) == {0.0}
    assert calibrate(scores[:8]).at(0.0) is None


def test_an_estimate_is_scored_by_what_it_really_took() -> None:
    one = Scored(estimated_sec=80, actual_sec=100, low_sec=70, high_sec=90)
    assert one.error == pytest.approx(0.2)
    assert one.covered is False
    assert one.winkler == pytest.approx((20 + 10 * 10) / 100)
    assert Scored(80, 100).covered is None


def test_accuracy_is_median_error_bias_and_coverage() -> None:
    found = accuracy([Scored(100, 110, 90, 120), Scored(100, 150, 90, 120), Scored(100, 120)])
    assert found is not None
    assert found.median_error == pytest.approx(20 / 120)
    assert found.bias == pytest.approx(0.2)
    assert (found.estimates, found.intervals, found.coverage) == (3, 2, 0.5)
    assert accuracy([]) is None
