"""A real browser in front of a real dashboard. One browser for all tests; a dashboard and a fresh context for each."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.instruments.desk import Desk
from tests.instruments.waiting import wait_until
from tools.browser import chromium

REFRESH = "0.5"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=60_000)  # a busy machine is no failure
    with chromium() as running:
        yield running


@pytest.fixture
def address() -> str:
    """Where the dashboard of this test listens, now and after a restart."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def serve(desk: Desk, address: str) -> Callable[..., None]:
    """Start the dashboard with these settings, until it answers."""

    def start(**settings: str) -> None:
        port = address.rpartition(":")[2]
        desk.start("tests.instruments.dashboard_server", DASHBOARD_PORT=port, **{"REFRESH_SEC": REFRESH, **settings})

        def listens() -> bool:
            with suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), timeout=1):
                return True
            return False

        wait_until(listens)

    return start


@pytest.fixture
def visitors(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """`visitors("/history", width=390)`: a page in a browser of its own."""
    contexts: list[BrowserContext] = []

    def visit(path: str = "/", *, width: int = 1280) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, timezone_id="Europe/London")
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(address + path)
        page.locator("h1").wait_for()
        return page

    yield visit
    for context in contexts:
        context.close()
