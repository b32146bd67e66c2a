"""Where Google is, and what it means when nobody may go there."""

import pytest

from jobs.engines.google.client import address
from jobs.engines.google.engine import Google
from jobs.engines.protocol import RemoteAudio
from jobs.errors import EngineUnavailable
from store.settings import Settings, settings


@pytest.mark.parametrize(
    ("limits", "host"),
    [
        ({}, "eu-speech.googleapis.com"),
        ({"google_region": "europe-west4"}, "europe-west4-speech.googleapis.com"),
        ({"google_region": "global"}, "speech.googleapis.com"),
        ({"google_speech_endpoint": "http://127.0.0.1:8080"}, "127.0.0.1:8080"),
        ({"google_speech_endpoint": "https://speech.example:443/"}, "speech.example:443"),
        ({"google_speech_endpoint": "speech.example"}, "speech.example"),
    ],
)
def test_the_region_says_where_google_listens(limits: dict[str, str], host: str) -> None:
    assert address(Settings(**limits)) == host


@pytest.fixture
def without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("GOOGLE_PROJECT", "desk")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def test_without_credentials_nothing_is_sent_and_operations_is_told(without_credentials: None) -> None:
    engine, audio = Google(), RemoteAudio("gs://bucket/1.flac", 60.0, "en", 1, False)
    for call in (lambda: engine.submit(audio), lambda: engine.find(audio.uri, ()), lambda: engine.poll("x", audio)):
        with pytest.raises(EngineUnavailable) as met:
            call()
        assert "DefaultCredentialsError" in (met.value.detail or "")
