"""On a phone nothing is wider than the screen."""

import uuid
from collections.abc import Callable

from playwright.sync_api import Page, expect

from jobs import retry_cancel
from tests.instruments.claims import claimed, complete

LONG = "A title without an end " * 6 + "andonelongwordthatdoesnotbreakanywhere" * 3


def test_no_page_is_wider_than_a_phone(
    new_session: Callable[..., uuid.UUID], serve: Callable[..., None], visitors: Callable[..., Page]
) -> None:
    finished = new_session(title=LONG[:200])
    complete(claimed())
    retry_cancel.give_up(new_session(title=LONG[:200]), actor="operations")
    new_session(title=LONG[:200])
    serve()
    for path in ("/", f"/session?session={finished}", "/history", "/speed", "/stalled", "/help"):
        page = visitors(path, width=390)
        expect(page.locator(".freshness").first.or_(page.get_by_text("The file is empty"))).to_be_visible()
        for wide in ("document.documentElement", "document.querySelector('.stMain')"):
            assert page.evaluate(f"{wide}.scrollWidth - {wide}.clientWidth") <= 0, path
