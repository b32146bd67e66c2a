"""Chromium for the browser tests and the screenshots: the one on the PATH, else Playwright's own."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tools.setup_chromium import on_path

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    # Whatever would look for the network by itself
    *("--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser, closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=on_path(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
