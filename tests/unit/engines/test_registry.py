"""Engines are found by name, and none is imported before it is used."""

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.engines import registry
from jobs.errors import EngineUnavailable, EngineUnknown, LanguageNotSupported
from store.settings import Settings

PROJECT = Path(__file__).resolve().parents[3]


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
        with pytest.raises(EngineUnknown, match="choose one of: pocketsphinx\\."):
            registry.check_engine("google")
