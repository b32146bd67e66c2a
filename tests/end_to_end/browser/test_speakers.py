"""Who speaks is named and swapped by a click, and words that the engine is not sure of can be shaded or not."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.end_to_end.browser.test_coach_path import download
from tests.instruments.claims import claimed, complete
from tests.instruments.desk import beeps, stored
from tests.instruments.speaking import dialogue


def until_turns(page: Page, *names: str) -> None:
    """The names in the transcript, one a turn."""
    expect(page.locator("li.spoken b")).to_have_text(list(names))


def test_names_by_one_click_and_words_that_are_not_certain(
    new_session: Callable[..., uuid.UUID], serve: Callable[..., None], visitors: Callable[..., Page], tmp_path: Path
) -> None:
    session_id = new_session(engine="whisper", audio_uri=stored(beeps(20)), duration_total=20.0)
    complete(claimed(), segments=dialogue("Speaker 1", "Speaker 1", "Speaker 2", "Speaker 1"))
    serve()
    page = visitors(f"/session?session={session_id}")
    until_turns(page, "Speaker 1", "Speaker 2", "Speaker 1")

    page.locator(".st-key-voice-0").get_by_role("button", name="Client").click()
    until_turns(page, "Client", "Coach", "Client")
    page.get_by_role("button", name="Swap").click()
    until_turns(page, "Coach", "Client", "Coach")
    saved = tmp_path / "transcript.json"
    download(page, "JSON", saved)
    segments = json.loads(saved.read_text())["segments"]
    assert [one["speaker"] for one in segments] == ["Coach", "Coach", "Client", "Coach"]

    page.locator(".st-key-voice-1").get_by_role("button", name="Rename…").click()
    page.get_by_label("Name of Speaker 2", exact=True).fill("Anna")
    page.get_by_label("Name of Speaker 2", exact=True).press("Enter")
    until_turns(page, "Coach", "Anna", "Coach")
    expect(page.get_by_label("Name of Speaker 2", exact=True)).to_have_count(0)

    doubtful = page.locator("mark", has_text="maybe")
    expect(doubtful).to_have_attribute("title", "Uncertain: 34 %")
    shaded = "mark => getComputedStyle(mark).textDecorationStyle + getComputedStyle(mark).backgroundColor"
    certain = page.locator("li span [data-at]", has_text="Nothing").evaluate(shaded)
    before = doubtful.evaluate(shaded)
    assert before != certain
    page.get_by_label("Show uncertain words").uncheck()
    assert doubtful.evaluate(shaded) == certain
    page.reload()
    expect(page.get_by_label("Show uncertain words")).not_to_be_checked()
    assert doubtful.evaluate(shaded) == certain
    page.get_by_label("Show uncertain words").check()
    assert doubtful.evaluate(shaded) == before

    page.locator("li span [data-at]", has_text="Nothing").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('audio')?.currentTime >= 8)"
    )


def test_a_transcript_of_three_hours_is_there_within_seconds(
    new_session: Callable[..., uuid.UUID], serve: Callable[..., None], visitors: Callable[..., Page]
) -> None:
    """2,700 lines of 11 words: 30,000, each second of which is shaded."""
    labels = [f"Speaker {at // 3 % 2 + 1}" for at in range(2_700)]
    segments = dialogue(
        *labels, said=("Well,", "maybe", "what", "stops", "you", "is", "what", "moves", "you", "on,", "too.")
    )
    session_id = new_session(engine="whisper", duration_total=10_800.0)
    complete(claimed(), segments=segments)
    serve()
    page = visitors(f"/session?session={session_id}")
    expect(page.locator("li.spoken").last).to_be_attached(timeout=15_000)
    page.locator("mark").last.scroll_into_view_if_needed()
    page.get_by_role("button", name="Coach").first.click()
    expect(page.locator("li.spoken b").first).to_have_text("Coach", timeout=15_000)
