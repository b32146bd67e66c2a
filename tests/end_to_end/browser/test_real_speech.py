"""Real speech through the whole product: the words on the page are those that were spoken."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.instruments.cards import card, upload
from tests.instruments.desk import Desk

RECORDING = Path(__file__).resolve().parents[2] / "recordings" / "inaugural-address.flac"
WORDS = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"


def test_the_words_on_the_page_are_those_that_were_spoken(
    desk: Desk, serve: Callable[..., None], visitors: Callable[..., Page]
) -> None:
    serve(STT_ENGINE="whisper")
    desk.start("jobs.worker", STT_ENGINE="whisper")
    desk.start("jobs.reconcile")
    page = visitors()
    upload(page, str(RECORDING))
    card(page, RECORDING.name).get_by_role("button", name="Start transcription").click()
    shown = card(page, RECORDING.stem)
    expect(shown).to_contain_text("Transcription complete!")
    shown.get_by_text("Open transcript").click()
    expect(page.get_by_text("Draft by Whisper base on this machine")).to_be_visible()
    expect(page.get_by_text("English", exact=False).first).to_be_visible()
    words = page.locator(".player ol")
    expect(words).to_contain_text("fellow")
    assert re.findall(r"[a-z]+", re.sub(r"\d+:\d+", "", words.inner_text().lower())) == WORDS.split()
