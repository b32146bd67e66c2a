"""Engines are found by name, and none is imported before it is used."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from jobs.engines import registry
from jobs.engines.languages import LANGUAGES
from jobs.engines.protocol import DETECT
from jobs.errors import EngineUnavailable, EngineUnknown, LanguageNotSupported
from store.settings import Settings

PROJECT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Weights:
    """As `jobs.engines.whisper.weights` finds them."""

    model: str = "base"
    label: str = "Whisper base"
    multilingual: bool = True
    step_down: str | None = None


@pytest.fixture
def whisper(monkeypatch: pytest.MonkeyPatch):
    """Engine `whisper` is the default, and its weights are these, or fail with this."""
    monkeypatch.setattr(registry, "settings", lambda: Settings(stt_engine="whisper"))

    def found(outcome: Weights | Exception) -> None:
        class Module:
            @staticmethod
            def find() -> Weights:
                if isinstance(outcome, Exception):
                    raise outcome
                return outcome

        monkeypatch.setattr(registry, "import_module", lambda _: Module)

    return found


@pytest.fixture
def extra_engine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(registry, "ENGINES", dict(registry.ENGINES))
    yield lambda path, languages=("en",): registry.register("extra", registry.EngineEntry(path, "Extra", languages))
    registry.engine.cache_clear()


def test_asking_about_engines_imports_none() -> None:
    code = (
        "import sys, jobs\nfrom jobs.engines import registry\n"
        "registry.engine_names(), registry.engine_label('pocketsphinx')\n"
        "registry.check_language('pocketsphinx', 'en')\n"
        "print([name for name in sys.modules if 'pocketsphinx' in name or 'google' in name or name == 'av'])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_registry_says_what_the_engine_says() -> None:
    for name in registry.ENGINES:
        if find_spec(registry.entry(name).path.rpartition(".")[0]) is None:
            continue  # not part of this version
        found, known = registry.engine(name), registry.entry(name)
        assert (found.name, found.label, found.languages) == (name, known.label, known.languages)
        assert registry.engine(name) is found


def test_an_unknown_engine_is_refused_by_name() -> None:
    for ask in (registry.check_engine, registry.engine, lambda name: registry.check_language(name, "en")):
        with pytest.raises(EngineUnknown, match="pocketsphinx"):
            ask("parrot")
    assert registry.engine_label("parrot") == "parrot"


@pytest.mark.parametrize(("asked", "tag"), [("en", "en"), ("EN", "en"), ("en_gb", "en-GB"), (" en-US ", "en-US")])
def test_every_english_is_understood(asked: str, tag: str) -> None:
    assert registry.check_language("pocketsphinx", asked) == tag


@pytest.mark.parametrize("asked", ["de", "fr-FR", "", "english", "eng", "en-" + "x" * 200, "en\n-x", "en-'; --"])
def test_other_languages_are_refused_with_what_is_possible(asked: str) -> None:
    with pytest.raises(LanguageNotSupported, match="English only"):
        registry.check_language("pocketsphinx", asked)


def test_a_regional_engine_takes_that_region_alone(extra_engine) -> None:
    extra_engine("nowhere:Nothing", ("en-GB",))
    assert registry.check_language("extra", "en-gb") == "en-GB"
    with pytest.raises(LanguageNotSupported):
        registry.check_language("extra", "en-US")


@pytest.mark.parametrize("path", ["jobs.engines.nowhere:Nothing", "jobs.engines.protocol:Nothing"])
def test_an_engine_that_cannot_be_imported_is_for_operations(extra_engine, path: str) -> None:
    extra_engine(path)
    with pytest.raises(EngineUnavailable) as met:
        registry.engine("extra")
    assert path in str(met.value)


def test_another_engine_is_one_registry_line(extra_engine) -> None:
    extra_engine("jobs.engines.pocketsphinx:PocketSphinx")
    assert registry.engine("extra").languages == ("en",)
    assert "extra" in registry.engine_names()


@pytest.mark.parametrize(
    ("limits", "offered"),
    [({}, False), ({"google_project": "desk"}, True), ({"stt_engine": "google"}, True)],
)
def test_google_is_offered_where_there_is_a_project(
    monkeypatch: pytest.MonkeyPatch, limits: dict[str, str], offered: bool
) -> None:
    monkeypatch.setattr(registry, "settings", lambda: Settings(**limits))
    assert ("google" in registry.engine_names()) is offered
    assert registry.engine_label("google") == "Google Speech-to-Text"  # of sessions from before, too
    assert registry.entry("google").remote
    if offered:
        registry.check_engine("google")
    else:
        with pytest.raises(EngineUnknown, match="choose one of: whisper, pocketsphinx\\."):
            registry.check_engine("google")


def test_a_session_that_names_no_engine_gets_whisper_where_its_weights_are(whisper: Callable[..., None]) -> None:
    whisper(Weights())
    assert (registry.default_engine(), registry.step_down()) == ("whisper", None)
    assert registry.engine_model("whisper") == "base"
    assert "whisper" in registry.engine_names()
    registry.check_engine("whisper")


@pytest.mark.parametrize("error", [EngineUnavailable(detail="no weights"), ImportError("no weights")])
def test_without_weights_it_gets_pocketsphinx_and_is_told_why(whisper: Callable[..., None], error: Exception) -> None:
    whisper(error)
    assert registry.default_engine() == "pocketsphinx"
    assert "PocketSphinx (local) is" in (registry.step_down() or "")
    assert "no weights" in (registry.step_down() or "")
    assert registry.engine_model("whisper") == ""
    assert "whisper" not in registry.engine_names()
    with pytest.raises(EngineUnknown):
        registry.check_engine("whisper")


def test_a_smaller_model_says_so_and_may_know_english_alone(whisper: Callable[..., None]) -> None:
    whisper(Weights("tiny.en", "Whisper tiny.en", multilingual=False, step_down="The weights of base are not there."))
    assert (registry.default_engine(), registry.step_down()) == ("whisper", "The weights of base are not there.")
    assert registry.languages("whisper") == ("en",)
    assert not registry.detects("whisper")
    assert registry.language_to_write("whisper", DETECT) == ("en", True)
    with pytest.raises(LanguageNotSupported, match="English only"):
        registry.check_language("whisper", "de")


def test_whisper_detects_and_knows_its_languages_by_name(whisper: Callable[..., None]) -> None:
    whisper(Weights())
    assert registry.check_language("whisper", " Detect ") == DETECT
    assert registry.language_to_write("whisper", DETECT) == (DETECT, False)
    assert registry.check_language("whisper", "cy") == "cy"
    with pytest.raises(LanguageNotSupported, match="knows 99 languages, but not this"):
        registry.check_language("whisper", "yue")


@pytest.mark.parametrize("name", ["pocketsphinx", "google"])
def test_an_engine_that_cannot_detect_takes_its_first_language(name: str) -> None:
    assert registry.check_language(name, DETECT) == DETECT
    assert registry.language_to_write(name, DETECT) == ("en", True)
    assert registry.language_to_write(name, "de") == ("de", False)


def test_languages_are_those_of_whisper_english_first_then_by_name() -> None:
    tokenizer = pytest.importorskip("faster_whisper.tokenizer")
    assert set(LANGUAGES) == set(tokenizer._LANGUAGE_CODES) - {"yue"}
    names = list(LANGUAGES.values())
    assert names[0] == "English"
    assert names[1:] == sorted(names[1:])


@pytest.mark.parametrize(
    ("name", "model", "title"),
    [
        ("whisper", "base", "Whisper base"),
        ("whisper", "", "Whisper"),
        ("pocketsphinx", None, "PocketSphinx"),
        ("google", "long", "Google Speech-to-Text"),
        ("parrot", "base", "parrot"),
    ],
)
def test_an_engine_with_weights_is_named_with_its_model(name: str, model: str, title: str) -> None:
    assert registry.engine_title(name, model) == title
