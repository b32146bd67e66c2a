"""A session's card in the browser."""

from playwright.sync_api import Locator, Page


def card(page: Page, title: str) -> Locator:
    """The card of the session with this title."""
    return page.locator("[class*='st-key-card-']").filter(has=page.get_by_text(title, exact=True))


def percent(shown: Locator) -> int:
    """What the card's progress bar shows."""
    return int(shown.get_by_role("progressbar").get_attribute("aria-valuenow") or -1)


def upload(page: Page, *files: str) -> None:
    """Choose these files in the upload box."""
    page.set_input_files("input[type=file]", list(files))
