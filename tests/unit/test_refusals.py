"""Where strangers would get in the product does not start, and says what to set; no secret is in what it says."""

import pytest

from store.refusals import open_queue_dashboard, refusals
from store.settings import Settings

SET_UP = {
    "OIDC_ISSUER": "https://id.example.org",
    "OIDC_CLIENT_ID": "desk",
    "OIDC_CLIENT_SECRET": "client-canary",
    "OIDC_COOKIE_SECRET": "cookie-canary" * 3,
    "OIDC_ALLOWED_DOMAINS": "example.org",
    "PUBLIC_URL": "https://desk.example.org",
}


def said(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name in (*SET_UP, "BIND_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return " ".join(refusals(Settings()))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_one_local_person_on_loopback_is_fine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert said(monkeypatch, BIND_HOST=host) == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "desk.example.org", "127.0.0.1.example.org"])
def test_anywhere_else_it_needs_sign_in(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    sentence = said(monkeypatch, BIND_HOST=host)
    assert "set BIND_HOST=127.0.0.1" in sentence
    assert "OIDC_ISSUER" in sentence
    assert said(monkeypatch, BIND_HOST=host, **SET_UP) == ""


@pytest.mark.parametrize("missing", sorted(SET_UP.keys() - {"OIDC_ISSUER"}))
def test_half_of_sign_in_is_none(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    given = {name: value for name, value in SET_UP.items() if name != missing}
    assert said(monkeypatch, **given) == f"Sign-in is set up by OIDC_ISSUER, but it needs also: {missing}."


def test_a_short_cookie_secret_can_be_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = said(monkeypatch, **{**SET_UP, "OIDC_COOKIE_SECRET": "short-canary"})
    assert sentence.startswith("OIDC_COOKIE_SECRET is shorter than 32 characters")
    assert "canary" not in sentence


def test_the_addresses_that_sign_in_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, **{**SET_UP, "PUBLIC_URL": "desk.example.org"}).startswith("PUBLIC_URL has to begin with")
    said(monkeypatch, **{**SET_UP, "PUBLIC_URL": "https://desk.example.org/"})
    assert Settings().oidc_redirect_uri == "https://desk.example.org/oauth2callback"
    assert Settings().oidc_metadata_url == "https://id.example.org/.well-known/openid-configuration"
    monkeypatch.setenv("OIDC_ISSUER", "https://id.example.org/.well-known/openid-configuration")
    assert Settings().oidc_metadata_url == "https://id.example.org/.well-known/openid-configuration"


def test_the_queues_dashboard_is_not_open_to_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIND_HOST", "0.0.0.0")
    monkeypatch.setenv("RQ_DASHBOARD_USERNAME", "ops")
    assert open_queue_dashboard(Settings()) != []
    monkeypatch.setenv("RQ_DASHBOARD_PASSWORD", "secret")
    assert open_queue_dashboard(Settings()) == []
    monkeypatch.setenv("BIND_HOST", "127.0.0.1")
    monkeypatch.delenv("RQ_DASHBOARD_PASSWORD")
    assert open_queue_dashboard(Settings()) == []
