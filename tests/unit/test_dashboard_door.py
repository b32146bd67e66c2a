"""The dashboard's door, where no browser is needed: cookies, the way back after signing in, and whose page asks."""

from collections.abc import Callable

import pytest
from starlette.datastructures import Headers, MutableHeaders

from api.dashboard_door import harden_cookies, is_own_page, is_page_here, lead_back, security_headers

SettingsOf = Callable[..., None]
COOKIE = "_streamlit_user=signed; HttpOnly; Max-Age=2592000; Path=/; SameSite=lax"


def cookies(answer: MutableHeaders) -> list[str]:
    return answer.getlist("set-cookie")


def test_under_https_cookies_are_secure_and_last_as_long_as_a_sign_in(settings_of: SettingsOf) -> None:
    settings_of(public_url="https://desk.example.org", session_hours=2)
    answer = MutableHeaders()
    for cookie in (COOKIE, "_streamlit_user_tokens_1=x; Max-Age=2592000", "_streamlit_xsrf=y; Path=/", "other=z"):
        answer.append("set-cookie", cookie)
    harden_cookies(answer)
    assert cookies(answer) == [
        "_streamlit_user=signed; HttpOnly; Max-Age=7200; Path=/; SameSite=lax; Secure",
        "_streamlit_user_tokens_1=x; Max-Age=7200; Secure",
        "_streamlit_xsrf=y; Path=/; Secure",
        "other=z",
    ]


def test_a_cookie_that_is_taken_away_goes_at_once(settings_of: SettingsOf) -> None:
    settings_of(public_url="http://127.0.0.1:8501")
    answer = MutableHeaders({"set-cookie": '_streamlit_user=""; Max-Age=0; Path=/'})
    harden_cookies(answer)
    assert cookies(answer) == ['_streamlit_user=""; Max-Age=0; Path=/']


def test_https_is_kept_and_scripts_are_ours(settings_of: SettingsOf) -> None:
    settings_of(public_url="https://desk.example.org")
    headers = security_headers(["window.ready = false"])
    assert "Strict-Transport-Security" in headers
    scripts = next(part for part in headers["Content-Security-Policy"].split("; ") if part.startswith("script-src"))
    assert scripts.startswith("script-src 'self' blob: 'sha256-")
    assert "unsafe" not in scripts
    settings_of(public_url="")
    assert "Strict-Transport-Security" not in security_headers([])


@pytest.mark.parametrize(
    "wanted", ["/history", "/history?state=Failed&sort=Slowest", "/session?session=0-1", "/?session=1"]
)
def test_a_page_of_ours_is_led_back_to(wanted: str, settings_of: SettingsOf) -> None:
    settings_of(public_url="")
    left, back = MutableHeaders(), MutableHeaders({"location": "/"})
    came_from = Headers({"host": "desk", "referer": f"http://desk{wanted}"})
    lead_back("/auth/login", came_from, left)
    lead_back("/oauth2callback", Headers({"cookie": cookies(left)[0].partition(";")[0]}), back)
    assert back["location"] == wanted
    assert "Max-Age=0" in cookies(back)[0]


def test_another_sites_referer_leads_nowhere(settings_of: SettingsOf) -> None:
    settings_of(public_url="")
    left = MutableHeaders()
    lead_back("/auth/login", Headers({"host": "desk", "referer": "https://evil.example.org/history"}), left)
    assert cookies(left) == []


@pytest.mark.parametrize(
    "elsewhere", ["", "/", "//evil.example.org", "/\\evil.example.org", "https://evil.example.org", "/a\r\nb: c"]
)
def test_nothing_else_is_a_page_here(elsewhere: str) -> None:
    assert not is_page_here(elsewhere)


def test_behind_a_proxy_the_public_address_is_ours(settings_of: SettingsOf) -> None:
    settings_of(public_url="https://desk.example.org/")
    assert is_own_page(Headers({"host": "127.0.0.1:8501", "origin": "https://desk.example.org"}))
    assert not is_own_page(Headers({"host": "127.0.0.1:8501", "origin": "http://desk.example.org"}))
    assert not is_own_page(Headers({"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:9999"}))
    assert not is_own_page(Headers({"host": "127.0.0.1:8501", "origin": "http://[bad"}))
