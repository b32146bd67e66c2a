"""Watching what runs: three bars, words, a reload, a new browser, a restarted dashboard, and what stays open."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jobs import board, retry_cancel
from store.states import Status
from tests.instruments.cards import card, percent, upload
from tests.instruments.claims import record_of
from tests.instruments.desk import Desk, beeps
from tests.instruments.people import coach
from tests.instruments.waiting import wait_until

pytestmark = pytest.mark.usefixtures("held")
TITLES = ("one", "two", "three")


@pytest.fixture
def held(desk: Desk) -> None:
    """Every session stops after its first 10 seconds of audio, until it is let go."""
    desk.hold()


def test_three_uploads_have_three_bars_of_their_own(
    desk: Desk, serve: Callable[..., None], visitors: Callable[..., Page], tmp_path: Path
) -> None:
    serve(STT_ENGINE="metronome")
    page = visitors()
    files = []
    for number, title in enumerate(TITLES):
        file = tmp_path / f"{title}.wav"
        file.write_bytes(beeps(30 + 30 * number))
        files.append(str(file))
    upload(page, *files)
    page.get_by_role("button", name="Start all").click()
    for _ in TITLES:
        desk.worker()
    for title in TITLES:
        expect(card(page, title)).to_contain_text("Tick ")  # words so far
        expect(card(page, title)).to_contain_text("Processing audio...")
        expect(card(page, title).get_by_role("progressbar")).not_to_have_attribute("aria-valuenow", "0")
    for view in board.my_sessions(coach("coach")):
        assert 0 < percent(card(page, view.title)) < 90
        assert abs(percent(card(page, view.title)) - view.progress) <= 5, "each bar is its own session's"
    expect(page).to_have_title(re.compile(r"^\d+ % · Transcript Desk$"))
    desk.let_go()
    for title in TITLES:
        expect(card(page, title)).to_contain_text("Transcription complete!")


def test_a_reload_a_new_browser_and_a_restarted_dashboard_show_the_same(
    desk: Desk, serve: Callable[..., None], visitors: Callable[..., Page], address: str
) -> None:
    serve()
    session_id = desk.session(title="Anna")
    ring_and_work(desk)
    desk.until_held(session_id)
    page = visitors()
    expect(card(page, "Anna")).to_contain_text("Processing audio...")
    before = percent(card(page, "Anna"))
    assert 20 < before < 60
    page.reload()
    other = visitors()
    for watched in (page, other):
        expect(card(watched, "Anna")).to_contain_text("Processing audio...")
        assert before <= percent(card(watched, "Anna")) <= before + 3

    restart(desk, serve)
    expect(page.locator(".freshness .late")).to_have_css("max-width", "0px")
    desk.let_go()
    expect(card(page, "Anna")).to_contain_text("Transcription complete!")  # by itself
    other.goto(f"{address}/session?session={session_id}")
    expect(other.get_by_text("Transcription complete!").first).to_be_visible()


def test_a_question_and_what_is_typed_survive_the_refresh(
    desk: Desk, serve: Callable[..., None], visitors: Callable[..., Page], tmp_path: Path
) -> None:
    serve()
    session_id = desk.session(title="Anna")
    ring_and_work(desk)
    page = visitors()
    file = tmp_path / "later.wav"
    file.write_bytes(beeps(2))
    upload(page, str(file))
    card(page, "later.wav").get_by_text("Title, language, speakers and priority").click()
    title = card(page, "later.wav").get_by_label("Title")
    title.fill("Half a ti")
    refreshed(page)
    expect(title).to_have_value("Half a ti")

    card(page, "Anna").get_by_role("button", name="Cancel").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("stops within seconds")
    refreshed(page)
    question.get_by_role("button", name="Cancel transcription").click()
    expect(card(page, "Anna").get_by_role("button", name="Start again")).to_be_visible()
    expect(question).to_have_count(0)
    assert record_of(session_id).status is Status.CANCELLED


def test_a_question_and_what_is_typed_survive_another_state(
    desk: Desk, serve: Callable[..., None], visitors: Callable[..., Page], tmp_path: Path
) -> None:
    """Another state draws the whole page anew, and so does the end of an upload."""
    serve()
    running, waiting = desk.session(title="Anna"), desk.session(title="Ben")
    ring_and_work(desk)
    desk.until_held(running)
    page = visitors()
    file = tmp_path / "later.wav"
    file.write_bytes(beeps(2))
    upload(page, str(file))
    card(page, "Ben").get_by_role("button", name="Cancel").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("stops within seconds")
    retry_cancel.cancel(waiting, actor="somewhere else")
    expect(card(page, "Ben")).to_contain_text("Cancelled")
    refreshed(page)
    expect(question).to_be_visible()
    page.keyboard.press("Escape")
    expect(card(page, "Ben").get_by_role("button", name="Start again")).to_be_visible()
    expect(question).to_have_count(0)

    card(page, "later.wav").get_by_text("Title, language, speakers and priority").click()
    title = card(page, "later.wav").get_by_label("Title")
    title.fill("Half a ti")
    desk.let_go()
    expect(card(page, "Anna").get_by_role("link", name="Open transcript")).to_be_visible()
    expect(title).to_have_value("Half a ti")
    expect(title).to_be_focused()


def ring_and_work(desk: Desk) -> None:
    from jobs import doorbell

    doorbell.ring()
    desk.worker()


def refreshed(page: Page, times: int = 3) -> None:
    """Wait until the page has been drawn anew by its timer this often."""
    for _ in range(times):
        before = page.locator(".freshness").inner_text()
        page.wait_for_function("before => document.querySelector('.freshness')?.innerText !== before", arg=before)


def restart(desk: Desk, serve: Callable[..., None]) -> None:
    """Kill the dashboard and start it again."""

    def dashboards() -> list[int]:
        return [pid for pid in desk.alive() if b"dashboard_server" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    for pid in dashboards():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not dashboards())
    serve()
