"""A minute of the fault suite: the product's real processes under a seeded mix of faults and most crash points."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SEC = 420  # on a busy machine; about a minute otherwise
THEIRS = ("DATABASE_URL", "REDIS_URL", "AUDIO_DIR", "VAR_DIR")

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death"),
    pytest.mark.timeout(LONGEST_SEC + 30),
]


def faults(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """The exit code, the report and the output of one run."""
    report = tmp_path / "faults.json"
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--report", str(report), *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in THEIRS},
        capture_output=True,
        text=True,
        timeout=LONGEST_SEC,
        check=False,
    )
    found = json.loads(report.read_text()) if report.exists() else {}
    return ran.returncode, found, ran.stdout + ran.stderr


def test_nothing_is_lost_whatever_dies(tmp_path: Path) -> None:
    code, found, output = faults(
        tmp_path, "--sessions", "45", "--seconds", "35", "--seed", "7", "--workers", "4", "--settle", "180"
    )
    assert found["counts"] == {"lost": 0, "duplicated": 0, "illegal": 0, "unsettled": 0, "unexplained": 0}, output
    assert code == 0, output
    points = sum(row["kind"].startswith("at ") for row in found["rows"])
    assert points >= 5, output  # about thirty on a quiet machine; on a busy one fewer are reached in the time


def test_a_real_engine_hears_the_same_words_whatever_dies(tmp_path: Path) -> None:
    short = ("--engine", "pocketsphinx", "--sessions", "5", "--seconds", "9", "--workers", "3", "--settle", "240")
    only = ("--only", "process with a core killed", "at checkpoint.after_commit (kill)")
    code, found, output = faults(tmp_path, *short, *only)
    assert found["counts"] == {"lost": 0, "duplicated": 0, "illegal": 0, "unsettled": 0, "unexplained": 0}, output
    assert found["figures"]["sessions"]["completed"] > 0, output
    assert code == 0, output


def test_suite_fails_when_more_work_than_there_are_cores(tmp_path: Path) -> None:
    short = ("--sessions", "8", "--seconds", "6", "--workers", "4", "--only", "process with a core killed")
    code, found, output = faults(tmp_path, *short, "--sabotage", "cores", "--settle", "60")
    assert found["counts"]["illegal"] == 1, output
    assert code == 1, output


def test_suite_fails_when_a_protection_is_missing(tmp_path: Path) -> None:
    short = ("--sessions", "6", "--seconds", "6", "--workers", "3", "--only", "worker killed", "work-horse killed")
    code, found, output = faults(tmp_path, *short, "--sabotage", "reconciler", "--settle", "8")
    assert found["counts"]["unsettled"] > 0, output
    assert code == 1, output
