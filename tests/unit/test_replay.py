"""The replay benchmark: no estimate sees what had not finished by then, and its rivals are what they say."""

import json
from pathlib import Path

import pytest

from bench.estimates import rivals
from bench.estimates.replay import replay
from bench.estimates.synthetic import world
from bench.estimates.traces import Trace, load


def straight(audio_sec: float, took_sec: float, started_sec: float = 0.0) -> Trace:
    points = tuple((took_sec * i / 20, audio_sec * i / 20) for i in range(21))
    return Trace(audio_sec, points, started_sec)


def test_an_estimate_sees_only_what_had_finished_before() -> None:
    """The second starts while the first runs, the third after its end."""
    played = replay([straight(100, 50), straight(100, 50, 10), straight(100, 50, 70)])
    at_start = [one for one in played.checkpoints if one.fraction == 0]
    assert [one.finished_before for one in at_start] == [0, 0, 2]
    assert [round(one.scored.estimated_sec) for one in at_start][:2] == [400, 400]
    assert at_start[2].scored.estimated_sec == pytest.approx(50, rel=0.25)


def test_the_same_seed_is_the_same_world() -> None:
    assert world("noisy", 3, 5) == world("noisy", 3, 5)
    assert world("noisy", 3, 5) != world("noisy", 4, 5)


def test_a_coarse_engine_shows_nothing_before_its_end() -> None:
    played = replay(world("coarse", 1, 20))
    assert {one.fraction for one in played.checkpoints} == {0.0}
    assert all(bar.steps_back == 0 for bar in played.bars)


def test_rivals_on_a_steady_session_agree() -> None:
    trace = straight(100, 50)
    assert rivals.fixed(trace, 10) == 375
    assert rivals.mean_rate(trace, 10) == pytest.approx(25)
    assert rivals.moving_average(trace, 10) == pytest.approx(25)
    assert rivals.last_two(trace, 10, [straight(10, 20), straight(10, 40)]) == pytest.approx(150)
    assert rivals.mean_rate(trace, 0) is None


def test_traces_of_other_hands_need_points_and_a_length_alone(tmp_path: Path) -> None:
    facts = [{"audio_sec": 60, "points": [[5, 10], [20, 60]]}, {"audio_sec": 60, "points": [[5, 10], [20, 60]]}]
    (tmp_path / "theirs.json").write_text(json.dumps(facts))
    [(engine, traces)] = load([tmp_path]).items()
    assert engine == "theirs"
    assert [trace.started_sec for trace in traces] == [0, 20]
    assert traces[0].points[0] == (0.0, 0.0)
