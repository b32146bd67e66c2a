"""The percentage: DESIGN's formula, never backwards within an attempt, never 100 before the session is completed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.progress import begun_sec, passed_sec, percent, waiting_percent

seconds = st.floats(min_value=0, max_value=100_000)
lengths = st.floats(min_value=0.2, max_value=30_000)


def test_an_hour_with_four_hours_expected_after_thirty_minutes_and_an_eighth() -> None:
    assert percent(processed_sec=450, total_sec=3600, elapsed_sec=1800, expected_sec=14_400) == 12


@pytest.mark.parametrize(
    ("processed_sec", "elapsed_sec", "shown"),
    [
        (0, 0, 0),
        (1800, 0, 35),  # 0.7 of a half
        (0, 7200, 15),  # 0.3 of a half
        (1800, 7200, 50),
        (3600, 0, 70),
        (0, 14_400, 30),
        (0, 1_000_000, 30),  # time alone brings no session further
        (3600, 14_400, 99),  # all is done, but it is not committed yet
        (9999, 99_999, 99),
    ],
)
def test_audio_weighs_seven_tenths_and_time_three(processed_sec: float, elapsed_sec: float, shown: int) -> None:
    assert percent(processed_sec=processed_sec, total_sec=3600, elapsed_sec=elapsed_sec, expected_sec=14_400) == shown


@given(seconds, lengths, seconds, lengths, seconds)
def test_it_is_a_whole_number_from_0_to_99(
    processed: float, total: float, elapsed: float, expected: float, resumed: float
) -> None:
    shown = percent(
        processed_sec=processed, total_sec=total, elapsed_sec=elapsed, expected_sec=expected, resumed_sec=resumed
    )
    assert isinstance(shown, int)
    assert 0 <= shown <= 99


@given(
    updates=st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), min_size=2, max_size=40),
    total=lengths,
    expected=lengths,
    resumed_share=st.floats(0, 1),
)
def test_it_never_goes_backwards_within_an_attempt(
    updates: list[tuple[float, float]], total: float, expected: float, resumed_share: float
) -> None:
    """Within an attempt the clock and the audio that is done only move forward: by whatever steps, in either order."""
    elapsed, processed, shown = 0.0, total * resumed_share, -1
    for later_sec, further_sec in updates:
        elapsed, processed = elapsed + later_sec, processed + further_sec
        now = percent(
            processed_sec=processed,
            total_sec=total,
            elapsed_sec=elapsed,
            expected_sec=expected,
            resumed_sec=total * resumed_share,
        )
        assert now >= shown
        shown = now


@given(lengths, st.integers(0, 99))
def test_an_attempt_that_goes_on_starts_where_the_last_one_ended(total: float, share: int) -> None:
    """Both parts of the formula count what is resumed as done, so half of the audio is 50 %."""
    assert waiting_percent(processed_sec=total * share / 100, total_sec=total) in {share - 1, share}  # rounded down


def test_a_recording_whose_length_is_unknown_has_no_audio_share() -> None:
    assert percent(processed_sec=5, total_sec=0, elapsed_sec=5, expected_sec=10) == 15


@pytest.mark.parametrize(
    ("since_sec", "passed"),
    [(0, 100), (2, 110), (4, 120), (60, 125), (-5, 100)],
    ids=["at once", "a", "b", "end", "skew"],
)
def test_within_a_chunk_what_is_passed_moves_to_its_end_and_no_further(since_sec: float, passed: float) -> None:
    assert passed_sec(processed_sec=100, begun_sec=125, since_sec=since_sec, pace=0.2) == passed


def test_without_a_chunk_or_a_pace_only_what_is_done_is_passed() -> None:
    assert passed_sec(processed_sec=100, begun_sec=0, since_sec=60, pace=0.2) == 100
    assert passed_sec(processed_sec=100, begun_sec=125, since_sec=60, pace=0) == 100


@given(
    lengths_of=st.lists(st.floats(0.5, 29), min_size=1, max_size=12),
    processes=st.integers(1, 4),
    paces=st.lists(st.floats(0.01, 5), min_size=12, max_size=12),
    looks=st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_what_is_passed_never_goes_backwards_however_wrong_the_pace(
    lengths_of: list[float], processes: int, paces: list[float], looks: list[float]
) -> None:
    """Chunks are recognised at once and end in any order; looks fall anywhere between two reports."""
    waiting, under_way = list(lengths_of), lengths_of[:processes]
    del waiting[: len(under_way)]
    done, shown = 0.0, 0.0
    for pace in paces:
        if not under_way:
            break
        for share in sorted(looks):
            begun = begun_sec(done, under_way)
            now = passed_sec(processed_sec=done, begun_sec=begun, since_sec=share * 30, pace=pace)
            assert shown - 1e-9 <= now <= sum(lengths_of) + 1e-9
            shown = now
        done += under_way.pop(len(under_way) // 2)
        under_way += waiting[:1]
        del waiting[:1]
    assert begun_sec(7.0, []) == 7.0
