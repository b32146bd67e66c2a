"""The coach's path with the default engine: open, upload, start, watch, completed, download, reload."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.instruments.cards import card, percent, upload
from tests.instruments.desk import Desk

SAMPLE = Path(__file__).resolve().parents[3] / "sample" / "coaching-dialogue.flac"


def test_a_coach_uploads_a_recording_and_watches_it_become_a_transcript(
    desk: Desk, serve: Callable[..., None], visitors: Callable[..., Page], tmp_path: Path
) -> None:
    serve()
    page = visitors()
    expect(page.get_by_role("button", name="Try the sample recording")).to_be_visible()

    upload(page, str(SAMPLE))
    waiting = card(page, SAMPLE.name)
    expect(waiting).to_contain_text(re.compile(r"0:50 · \d+ KB · FLAC, 16 kHz mono"))
    expect(waiting).to_contain_text("if started now")
    waiting.get_by_text("Title, language, speakers and priority").click()
    waiting.get_by_label("Title").fill("Leading a team")
    waiting.get_by_role("button", name="Start transcription").click()

    shown = card(page, "Leading a team")
    expect(shown).to_contain_text("Waiting in queue")
    expect(shown).to_contain_text("1st of 1 in the queue")
    assert percent(shown) == 0

    desk.start("jobs.worker")
    desk.start("jobs.reconcile")
    seen = [percent(shown)]
    while seen[-1] < 100:
        page.wait_for_function(
            "before => Number(document.querySelector('[role=progressbar]').ariaValueNow) > before", arg=seen[-1]
        )
        seen.append(percent(shown))
    assert len(seen) > 2, "the bar rose by itself, in steps"
    assert seen == sorted(seen)
    expect(shown).to_contain_text("Transcription complete!")
    expect(shown).to_contain_text("than real time")

    shown.get_by_text("Open transcript").click()
    expect(page.get_by_text("I have a new job", exact=False)).to_be_visible()
    saved = tmp_path / "transcript.json"
    name = download(page, "JSON", saved)
    assert name == "Leading a team.json"
    assert len(json.loads(saved.read_text())["segments"]) > 3

    page.get_by_role("button", name="Play from 0:05").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('audio')?.currentTime >= 4)"
    )

    page.reload()
    expect(page.get_by_text("Transcription complete!").first).to_be_visible()
    expect(page.get_by_text("I have a new job", exact=False)).to_be_visible()


def download(page: Page, button: str, target: Path) -> str:
    """The name of the file. Streamlit may forget it when the page is drawn anew at that moment: people press again."""
    for _ in range(3):
        with page.expect_download() as downloading:
            page.get_by_role("button", name=button).click()
        failure = downloading.value.failure()
        if failure is None:
            downloading.value.save_as(target)
            return str(downloading.value.suggested_filename)
    raise AssertionError(failure)
