"""What the upload box says of files that cannot be recordings, and the limits it checks before it sends."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from jobs.errors import EmptyFile, NotAudio
from tests.instruments.cards import card, upload
from tests.instruments.desk import Desk, beeps

# window.end() is the end of the upload, as the page will hear of it
HOLD_THE_END = """() => {
    const { set } = Object.getOwnPropertyDescriptor(XMLHttpRequestEventTarget.prototype, "onload");
    Object.defineProperty(XMLHttpRequest.prototype, "onload", {
        set(hear) { set.call(this, (event) => { window.end = () => hear.call(this, event); }); },
    });
}"""


def test_files_that_are_no_recordings_get_their_sentences(
    serve: Callable[..., None], visitors: Callable[..., Page], tmp_path: Path
) -> None:
    serve(MAX_UPLOAD_MB="1", MAX_FILES_PER_UPLOAD="5")
    page = visitors()
    contents = {"text.wav": b"no sound at all", "empty.wav": b"", "large.wav": beeps(40), "good.wav": beeps(2)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url) if request.method == "POST" else None)
    upload(page, *(str(tmp_path / name) for name in contents))
    row = page.locator(".sending li")
    expect(row.filter(has_text="text.wav")).to_contain_text(NotAudio().sentence)
    expect(row.filter(has_text="empty.wav")).to_contain_text(EmptyFile().sentence)
    expect(row.filter(has_text="large.wav")).to_contain_text("larger than 1 MB")
    expect(card(page, "good.wav")).to_contain_text("if started now")
    expect(row.filter(has_text="good.wav")).to_have_count(0)  # listed below, with what to expect
    assert len([url for url in requests if "/uploads" in url]) == 2, "what is empty or too large is not sent at all"

    row.filter(has_text="text.wav").get_by_role("button", name="Dismiss").click()
    expect(row.filter(has_text="text.wav")).to_have_count(0)
    upload(page, *[str(tmp_path / "good.wav")] * 6)
    expect(row.filter(has_text="6 files")).to_contain_text("at most 5 files")


def test_an_upload_goes_on_while_the_coach_looks_at_another_page(
    serve: Callable[..., None], visitors: Callable[..., Page], tmp_path: Path
) -> None:
    serve()
    page = visitors()
    file = tmp_path / "slow.wav"
    file.write_bytes(beeps(60))
    arrived: list[Route] = []
    page.route("**/api/v1/uploads", lambda route: arrived.append(route))  # on its way until it is let go
    upload(page, str(file))
    expect(page.locator(".sending li")).to_contain_text("slow.wav")
    page.get_by_role("link", name="Help").first.click()
    expect(page.get_by_role("heading", name="Help")).to_be_visible()
    page.get_by_role("link", name="My sessions").first.click()
    expect(page.locator(".sending li")).to_contain_text("slow.wav")
    arrived[0].continue_()
    expect(card(page, "slow.wav")).to_contain_text("if started now")


def test_a_click_right_before_the_end_of_an_upload_is_not_lost(
    desk: Desk, serve: Callable[..., None], visitors: Callable[..., Page], tmp_path: Path
) -> None:
    serve()
    desk.session(title="Anna")
    for sec in range(2, 6):
        page = visitors()
        page.evaluate(HOLD_THE_END)
        file = tmp_path / f"{sec}.wav"
        file.write_bytes(beeps(sec))
        upload(page, str(file))
        page.wait_for_function("() => window.end")
        card(page, "Anna").get_by_role("button", name="Cancel").click()
        page.wait_for_timeout(10 * (sec - 2))  # the click's drawing of the page is under way, now more, now less
        page.evaluate("() => window.end()")
        expect(page.get_by_role("dialog")).to_contain_text("stops within seconds")
        expect(card(page, f"{sec}.wav")).to_contain_text("if started now")
