"""What stands before the pages: foreign origins, other names, headers, cookies, and an error that nobody foresaw."""

from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.instruments.cards import card
from tests.instruments.desk import Desk
from tests.instruments.statistics import refreshed
from tests.instruments.waiting import wait_until


def opens(address: str, **headers: str) -> bool:
    """Whether the dashboard's WebSocket lets this in; it refuses with 403."""
    try:
        with connect(
            address.replace("http", "ws") + "/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers={name: value for name, value in headers.items() if name != "origin"},
            origin=headers.get("origin"),  # type: ignore[arg-type]
            proxy=None,
        ):
            return True
    except InvalidStatus as refused:
        return refused.response.status_code != 403


def test_the_websocket_is_for_our_own_pages_alone(serve: Callable[..., None], address: str) -> None:
    serve(PUBLIC_URL="https://desk.example.org")
    port = address.rpartition(":")[2]
    assert opens(address, origin=address)
    assert opens(address, origin="https://desk.example.org")
    for elsewhere in (
        "https://evil.example.org",
        "http://localhost:9",  # Streamlit itself would take it: the same machine
        f"https://127.0.0.1:{port}.evil.example.org",
        "https://desk.example.org.evil.example.org",
        "http://desk.example.org",
        "null",
    ):
        assert not opens(address, origin=elsewhere), elsewhere


def test_no_name_but_ours_is_answered(serve: Callable[..., None], address: str) -> None:
    serve(PUBLIC_URL="https://desk.example.org")
    assert httpx.get(address).status_code == 200
    assert httpx.get(address, headers={"Host": "desk.example.org"}).status_code == 200
    assert httpx.get(address, headers={"Host": "rebound.example.org"}).status_code == 400


def test_pages_say_what_a_browser_may_do_and_work_all_the_same(
    desk: Desk, serve: Callable[..., None], address: str, visitors: Callable[..., Page]
) -> None:
    serve()
    headers = httpx.get(address).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    page = visitors()
    blocked: list[str] = []
    page.on("console", lambda said: blocked.append(said.text) if "Content Security Policy" in said.text else None)
    page.reload()
    page.get_by_role("button", name="Try the sample recording").click()
    expect(card(page, "Sample: a coaching dialogue")).to_be_visible()
    card(page, "Sample: a coaching dialogue").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel transcription").click()
    wait_until(lambda: refreshed() > 0)
    for path, drawn in (("/history", "table.sessions tbody tr"), ("/help", "h3"), ("/speed", "[data-testid=stMetric]")):
        page.goto(address + path)
        expect(page.locator(drawn).first).to_be_visible()
    assert blocked == []


def test_an_error_shows_a_reference_and_the_log_has_it(
    desk: Desk, serve: Callable[..., None], visitors: Callable[..., Page]
) -> None:
    serve(DASHBOARD_BREAKS="yes")
    page = visitors("/speed")
    told = page.get_by_text("Something went wrong")
    expect(told).to_be_visible()
    reference = page.locator("[data-testid=stAlert] code").inner_text()
    expect(page.get_by_text("RuntimeError")).to_have_count(0)
    assert f"Reference {reference}" in desk.logged()
    assert desk.logged().count("RuntimeError: broken on purpose") == desk.logged().count("Reference ")
