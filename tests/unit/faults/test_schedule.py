"""The plan of a fault run: the same for the same seed, and complete."""

from collections import Counter

import pytest

from tests.faults import clients, recordings, schedule
from tests.faults.kinds import KINDS_OF
from tests.faults.sabotage import SABOTAGES
from tests.faults.sabotaged import PROOFS


def test_same_seed_plans_the_same_faults() -> None:
    assert schedule.draw(7, 150) == schedule.draw(7, 150)
    assert schedule.draw(7, 150) != schedule.draw(8, 150)


@pytest.mark.parametrize(("engine", "seconds"), [("suite", 150), ("google", 300)])
@pytest.mark.parametrize("seed", range(5))
def test_long_run_has_every_kind_and_every_point_once(seed: int, engine: str, seconds: float) -> None:
    plan = schedule.draw(seed, seconds, engine=engine)
    counted = Counter(fault.kind for fault in plan)
    points = [point for lane in KINDS_OF[engine].points.values() for point in lane]
    assert set(counted) == {*KINDS_OF[engine].names, schedule.LONG_FREEZE, schedule.SUPERVISOR}
    assert Counter(fault.point for fault in plan if fault.point) == Counter(points)


@pytest.mark.parametrize(("seconds", "frozen_sec"), [(5, 2), (35, 7), (150, 30), (300, 60), (1000, 60)])
def test_redis_is_frozen_for_a_minute_in_long_runs(seconds: float, frozen_sec: float) -> None:
    plan = schedule.draw(7, seconds)
    assert [fault.lasts_sec for fault in plan if fault.kind == schedule.LONG_FREEZE] == [frozen_sec]


@pytest.mark.parametrize("seed", range(5))
def test_faults_of_a_lane_do_not_overlap(seed: int) -> None:
    ends: dict[str, float] = {}
    for fault in schedule.draw(seed, 150):
        assert fault.at_sec >= ends.get(fault.lane, 0) or fault.kind == schedule.SUPERVISOR
        ends[fault.lane] = fault.at_sec + fault.lasts_sec


def test_only_chosen_kinds_fall() -> None:
    assert {fault.kind for fault in schedule.draw(7, 60, ("worker killed",))} == {"worker killed"}


def test_visits_are_the_same_for_the_same_seed() -> None:
    assert clients.visits(7, 50, 100) == clients.visits(7, 50, 100)
    assert {visit.plan for visit in clients.visits(7, 200, 100)} == set(clients.PLANS)


def test_recordings_differ_and_their_text_follows_from_the_samples() -> None:
    assert recordings.make(7, 1) == recordings.make(7, 1)
    sounds = [recordings.samples_of(recordings.make(7, number)) for number in (1, 2)]
    texts = {recordings.expected_text(sound, *part) for sound in sounds for part in ((0.0, 5.0), (5.0, 10.0))}
    assert len(texts) == 4


def test_every_sabotage_has_a_proof() -> None:
    assert set(PROOFS) == set(SABOTAGES)
    assert all(set(proof.faults) <= KINDS_OF[proof.engine].names for proof in PROOFS.values())


def test_google_takes_four_of_five_recordings_as_they_are() -> None:
    made = [recordings.make(7, number, remote=True) for number in range(5)]
    bytes_a_sample = [int.from_bytes(recording[34:36], "little") // 8 for recording in made]
    assert bytes_a_sample == [3, 2, 2, 2, 2]
    sounds = [recordings.samples_of(recording) for recording in made]
    assert all(len(sound) % 3200 == 0 for sound in sounds), "whole tenths of a second"
    assert len(made[0]) - 44 == len(sounds[0]) // 2 * 3
