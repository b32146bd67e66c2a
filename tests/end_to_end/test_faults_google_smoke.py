"""Some seconds of the fault suite with Google: its servers and the product's processes under a mix of faults."""

import sys
from pathlib import Path

import pytest

from tests.end_to_end.test_faults_smoke import LONGEST_SEC, faults

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death"),
    pytest.mark.timeout(LONGEST_SEC + 30),
]
CHOSEN = (
    "work-horse killed",
    "connection cut after COMMIT",
    "Google: unavailable (503)",
    "Google: 503 although accepted",
    "operation lost",
    "at submit.accepted (kill)",
    "at intend.after_commit (kill)",
)


def test_nothing_is_paid_for_twice_whatever_dies(tmp_path: Path) -> None:
    short = ("--sessions", "8", "--seconds", "20", "--seed", "7", "--workers", "2", "--settle", "240")
    code, found, output = faults(tmp_path, "--engine", "google", *short, "--only", *CHOSEN)
    assert found["counts"] == {"lost": 0, "duplicated": 0, "illegal": 0, "unsettled": 0, "unexplained": 0}, output
    assert found["figures"]["paid twice"] == 0, output
    assert found["figures"]["operations accepted"] > 0, output
    assert code == 0, output
    assert len(found["rows"]) >= 2, output  # kinds of faults that fell


def test_suite_fails_when_nobody_searches_for_what_may_have_been_accepted(tmp_path: Path) -> None:
    short = ("--sessions", "6", "--seconds", "12", "--seed", "7", "--workers", "2", "--settle", "120")
    only = ("--only", "Google: 503 although accepted", "at submit.accepted (kill)")
    code, found, output = faults(tmp_path, "--engine", "google", *short, *only, "--sabotage", "intent")
    assert found["figures"]["paid twice"] > 0, output
    assert found["counts"]["duplicated"] > 0, output
    assert code == 1, output
