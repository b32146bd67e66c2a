"""`make model`, through the hub's real client, from a hub on loopback."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.engines.whisper import weights
from tests.instruments.model_hub import COMMIT, Hub, model_hub
from tests.instruments.whisper_models import model_files, pins_of
from tests.instruments.whisper_places import Places, restart
from tools import download_model

PROJECT = Path(__file__).parents[4]
SMALL = "Systran/faster-whisper-small"
FILES = model_files(numbers=b"small" * 200)
NOT_ASKED_FOR = {"README.md": b"# A model", ".gitattributes": b"*.bin filter=lfs"}


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that was loaded in this process has forbidden its libraries to ask a hub."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with model_hub() as running:
        running.repositories[SMALL] = FILES | NOT_ASKED_FOR
        yield running


def download(var: Path, address: str, model: str = "small", **more: str) -> tuple[int, str]:
    """Exit code and output of the program, in a process of its own: the client reads its environment but once."""
    ran = subprocess.run(
        [sys.executable, "-m", "tools.download_model"],
        cwd=PROJECT,
        env=os.environ
        | {"HF_ENDPOINT": address, "VAR_DIR": str(var), "WHISPER_MODEL": model, "HF_HOME": str(var)}
        | more,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in ran.stderr
    return ran.returncode, ran.stdout


def test_a_model_is_downloaded_once_with_its_hashes(hub: Hub, tmp_path: Path) -> None:
    code, said = download(tmp_path, hub.address)
    assert code == 0, said
    folder = tmp_path / "models" / "small"
    assert f"Whisper small is here now, in {folder}: {SMALL}@{COMMIT}" in said
    assert {path.name for path in folder.iterdir()} == {*FILES, "transcript-desk.json"}
    assert all((folder / name).read_bytes() == content for name, content in FILES.items())
    record = json.loads((folder / "transcript-desk.json").read_text())
    assert record["source"] == f"{SMALL}@{COMMIT}"
    assert {name: file["sha256"] for name, file in record["files"].items()} == {
        name: pin.sha256 for name, pin in pins_of(FILES).items()
    }
    asked = len(hub.asked)
    code, said = download(tmp_path, hub.address)
    assert (code, len(hub.asked)) == (0, asked)
    assert "is here already" in said


def test_it_is_used_afterwards(hub: Hub, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    places.set_up_base()
    assert download(places.var, hub.address)[0] == 0
    monkeypatch.setenv("WHISPER_MODEL", "small")
    restart()
    found = weights.verified()
    assert (found.model, found.step_down) == ("small", None)


@pytest.mark.parametrize("name", ["model.bin", "config.json"])
def test_what_arrives_damaged_is_not_taken(hub: Hub, tmp_path: Path, name: str) -> None:
    hub.damaged.add(name)
    code, said = download(tmp_path, hub.address)
    assert code == 1
    assert f"{name} arrived damaged" in said
    assert not (tmp_path / "models" / "small").exists()
    hub.damaged.clear()
    assert download(tmp_path, hub.address)[0] == 0  # and it does not stay damaged


def test_a_connection_that_breaks_off_leaves_no_model(hub: Hub, tmp_path: Path) -> None:
    hub.breaks_after = 500
    hub.large = frozenset()
    code, _ = download(tmp_path, hub.address)
    folder = tmp_path / "models" / "small"
    assert (code == 0) == folder.exists()  # the client may have gone on by itself
    assert download(tmp_path, hub.address)[0] == 0
    assert (folder / "vocabulary.txt").read_bytes() == FILES["vocabulary.txt"]


def test_a_repository_that_holds_something_else_is_not_taken(hub: Hub, tmp_path: Path) -> None:
    del hub.repositories[SMALL]["tokenizer.json"]
    code, said = download(tmp_path, hub.address)
    assert code == 1
    assert "has no tokenizer.json" in said
    assert not (tmp_path / "models" / "small").exists()


def test_base_from_a_hub_has_to_be_the_pinned_one(hub: Hub, tmp_path: Path) -> None:
    hub.repositories["Systran/faster-whisper-base"] = FILES
    code, said = download(tmp_path, hub.address, "base")
    assert code == 1
    assert "another model.bin than the one that is pinned" in said


@pytest.mark.parametrize(
    ("address", "model", "more", "says"),
    [
        ("http://127.0.0.1:9", "small", {}, "the model hub http://127.0.0.1:9 cannot be reached (ConnectError"),
        ("", "small", {"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE forbids to ask a model hub"),
        ("", "medium", {}, "has no Systran/faster-whisper-medium, or does not let us read it"),
        ("", "smal", {}, "there is no model of this name; there are base, "),
        ("", "../etc", {}, "The settings cannot be read"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(
    hub: Hub, tmp_path: Path, address: str, model: str, more: dict[str, str], says: str
) -> None:
    code, said = download(tmp_path, address or hub.address, model, **more)
    assert code == 1
    assert says in said


def test_a_folder_that_cannot_be_written_is_a_sentence(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("no folder")
    code, said = download(tmp_path / "var", hub.address, HF_HOME=str(tmp_path / "home"))
    assert code == 1
    assert "cannot be written" in said


def test_one_at_a_time(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    with (tmp_path / "models" / ".small.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, said = download(tmp_path, hub.address)
    assert code == 1
    assert "by another process" in said


def test_without_room_it_is_said_how_much_it_needs(tmp_path: Path) -> None:
    with pytest.raises(download_model.NotDownloaded, match=r"it needs .* MiB"):
        download_model.make_room(tmp_path, 1 << 60)


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("small", SMALL),
        ("large-v3-turbo", "mobiuslabsgmbh/faster-whisper-large-v3-turbo"),
        ("distil-large-v3", "Systran/faster-distil-whisper-large-v3"),
    ],
)
def test_names_lead_to_the_repositories_that_the_engine_knows(name: str, repository: str) -> None:
    assert download_model.repository_of(name) == repository
