"""Doctor reads Whisper's weights and says which are used, what they lack, and what mends it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.doctor import __main__ as doctor
from jobs.doctor.checks import speech, whisper
from jobs.doctor.examination import Check, examine
from jobs.doctor.finding import Finding, fine
from store.settings import settings
from tests.instruments.whisper_models import model_files, write
from tests.instruments.whisper_places import Places, places

__all__ = ["places"]
SettingsOf = Callable[..., None]


@pytest.fixture(autouse=True)
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cpuinfo"
    path.write_text("processor : 0\nflags : fpu avx avx2 fma\n")
    monkeypatch.setattr(whisper, "PROCESSORS", path)
    return path


def found(engine: str, **values: object) -> list[Finding]:
    return list(whisper.weights_found(settings().model_copy(update={"stt_engine": engine} | values)))


def test_all_is_well(places: Places) -> None:
    places.set_up_base()
    assert found("whisper") == [
        fine("whisper weights", "Whisper base, verified by its hashes"),
        fine("speakers", "the encoder that tells them apart is verified by its hash"),
    ]


def test_a_step_down_is_a_note_with_what_mends_it(places: Places) -> None:
    weights, why, _ = found("whisper")
    assert (weights.ok, weights.says) == (True, "Whisper tiny.en, verified by its hashes")
    assert (why.ok, why.fix) == (None, "make environment")
    assert "Whisper base is not set up" in why.says


def test_a_damaged_file_is_found_by_reading_it(places: Places) -> None:
    places.set_up_base()
    model = places.joined / "model.bin"
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    _, why, _ = found("whisper")
    assert "has a model.bin that is damaged" in why.says
    assert why.fix == "make environment"


def test_without_weights_it_is_wrong_only_for_the_engine_that_is_used(places: Places) -> None:
    shutil.rmtree(places.packages)
    for engine, ok in (("whisper", False), ("pocketsphinx", None)):
        weights, speakers = found(engine)
        assert (weights.ok, speakers.ok) == (ok, ok)
        assert "is not installed" in weights.says
        assert weights.fix == "make environment, or STT_ENGINE=pocketsphinx"
        assert speakers.fix == "make environment"


def test_a_folder_that_is_no_model_is_named(places: Places, tmp_path: Path, settings_of: SettingsOf) -> None:
    places.set_up_base()
    settings_of(whisper_model_dir=write(tmp_path / "own", {"pytorch_model.bin": b""}))
    weights, why, _ = found("whisper")
    assert weights.says.startswith("Whisper base")
    assert "holds a model for PyTorch" in why.says
    assert "correct WHISPER_MODEL_DIR" in why.fix
    settings_of(whisper_model_dir=write(tmp_path / "medium", model_files()))
    assert "Whisper medium, of WHISPER_MODEL_DIR" in found("whisper")[0].says


def test_another_encoder_is_refused(places: Places) -> None:
    places.set_up_base()
    (places.packages / "resemblyzer" / "pretrained.pt").write_bytes(b"another")
    speakers = found("whisper")[1]
    assert speakers.ok is False
    assert "SHA-256" in speakers.says
    assert "--force-reinstall" in speakers.fix


def test_no_room_is_said(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(places.packages)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    room = found("whisper")[2]
    assert room.ok is False
    assert "1 MiB free" in room.says
    assert room.fix == "free some space, then make environment"


@pytest.mark.parametrize(
    ("text", "notes"),
    [("flags : fpu avx\n", 1), ("flags : avx2\n", 0), ("Features : fp asimd\n", 0), (None, 0)],
)
def test_a_processor_without_avx2_is_slow(places: Places, processor: Path, text: str | None, notes: int) -> None:
    places.set_up_base()
    processor.write_text(text) if text else processor.unlink()
    said = [finding for finding in found("whisper") if finding.name == "processor"]
    assert len(said) == notes
    assert all(finding.ok is None and "several times slower" in finding.says for finding in said)


def test_reading_much_may_take_longer_than_other_checks() -> None:
    by_name = {check.name: check for check in doctor.checks(settings())}
    assert by_name["whisper weights"].patience_sec == whisper.PATIENCE_SEC
    assert by_name["disk"].patience_sec is None
    assert list(by_name).index("whisper weights") < list(by_name).index("engine")


def test_a_check_has_its_own_patience() -> None:
    slow = Check("slow", lambda: [fine("slow", "done")], "wait", patience_sec=5)
    assert list(examine([slow], patience_sec=0.000001)) == [fine("slow", "done")]


def test_the_engine_that_steps_in_is_named(places: Places, settings_of: SettingsOf) -> None:
    shutil.rmtree(places.packages)
    settings_of(stt_engine="whisper")
    wrong, meanwhile = speech.default_engine(settings())
    assert (wrong.ok, wrong.fix) == (False, "make environment, or STT_ENGINE=pocketsphinx")
    assert meanwhile.says == "PocketSphinx (local) does its work meanwhile"
