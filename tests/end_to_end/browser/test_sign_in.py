"""Two coaches and operations, side by side in browsers of their own, signed in with a real identity provider."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jobs import people
from jobs.people import Change
from store.database import transaction
from tests.instruments.cards import card, upload
from tests.instruments.claims import WORDS, claimed, complete
from tests.instruments.desk import Desk
from tests.instruments.signing_in import CLIENT_SECRET, SECRET, Provider, sign_in, signed_in

SAMPLE = Path(__file__).resolve().parents[3] / "sample" / "coaching-dialogue.flac"
TITLE = "Canarytitle of the first meeting"
FILE = "canaryfile.flac"
Visit = Callable[..., Page]


@pytest.fixture
def provider(desk: Desk, serve: Callable[..., None], address: str) -> Provider:
    """The provider, and the desk in front of it."""
    started = Provider(desk)
    for name in ("anna", "ben", "olga"):
        started.knows(name)
    serve(**started.settings(address))
    return started


def uploaded(page: Page, tmp_path: Path) -> uuid.UUID:
    """A recording that this person uploads and starts; the session's id."""
    recording = tmp_path / FILE
    recording.write_bytes(SAMPLE.read_bytes())
    upload(page, str(recording))
    waiting = card(page, FILE)
    waiting.get_by_text("Title, language, speakers and priority").click()
    waiting.get_by_label("Title").fill(TITLE)
    waiting.get_by_role("button", name="Start transcription").click()
    link = card(page, TITLE).get_by_role("link", name=TITLE)
    expect(link).to_be_visible()
    return uuid.UUID((link.get_attribute("href") or "").rpartition("=")[2])


def test_a_coach_sees_their_sessions_through_every_door_and_nobody_elses_through_any(
    provider: Provider, desk: Desk, visitors: Visit, address: str, tmp_path: Path
) -> None:
    anna, ben, olga = (signed_in(visitors, name) for name in ("anna", "ben", "olga"))
    session_id = uploaded(anna, tmp_path)
    doors = [f"/api/v1/sessions/{session_id}{rest}" for rest in ("", "/status", "/history", "/audio")]
    assert [anna.request.get(address + door).status for door in doors] == [200] * 4
    assert [ben.request.get(address + door).status for door in doors] == [404] * 4
    assert [olga.request.get(address + door).status for door in doors] == [200] * 4
    assert visitors("/").request.get(address + doors[0]).status == 401

    complete(claimed(), [{**WORDS[0], "text": "Canaryword"}])
    link = f"{address}/session?session={session_id}"
    anna.goto(link)
    expect(anna.get_by_text("Canaryword")).to_be_visible()
    ben.goto(link)
    expect(ben.get_by_role("heading", name="This session is not here")).to_be_visible()
    ben.goto(f"{address}/history?state=Pending")
    expect(ben.get_by_text("No session fits")).to_be_visible()
    ben.goto(f"{address}/people")
    expect(ben.get_by_role("heading", name="This page is for operations")).to_be_visible()
    expect(ben.get_by_text(TITLE)).to_have_count(0)
    olga.goto(link)
    expect(olga.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(olga.get_by_text("anna@example.org").first).to_be_visible()

    [cookie] = [one["value"] for one in anna.context.cookies() if one["name"] == "_streamlit_user"]
    logged = desk.logged()
    assert [
        canary for canary in ("anarytitle", "anaryfile", "anaryword", SECRET, CLIENT_SECRET, cookie) if canary in logged
    ] == []


def test_who_is_disabled_is_out_at_the_next_refresh_and_their_cookie_too(
    provider: Provider, visitors: Visit, address: str, tmp_path: Path
) -> None:
    anna, ben = signed_in(visitors, "anna"), signed_in(visitors, "ben")
    uploaded(ben, tmp_path)
    people.change(Change.DISABLE, "ben@example.org")
    expect(ben.get_by_text("Your account was disabled")).to_be_visible()  # nobody touched the page
    expect(ben.get_by_text(TITLE)).to_have_count(0)
    assert ben.request.get(f"{address}/api/v1/sessions").status == 401
    expect(anna.get_by_role("heading", name="My sessions")).to_be_visible()
    people.change(Change.ENABLE, "ben@example.org")
    ben.reload()
    expect(card(ben, TITLE)).to_be_visible()


def test_whom_the_desk_refuses_reads_why_and_finds_the_way_out(provider: Provider, visitors: Visit) -> None:
    provider.knows("eve", email="eve@elsewhere.example")
    provider.knows("uma", email_verified=False)
    stranger = sign_in(visitors("/"), "eve")
    expect(stranger.get_by_text("This desk is not open to your e-mail address")).to_be_visible()
    stranger.get_by_role("button", name="Use another account").click()
    stranger.get_by_role("button", name="End session").click()  # the provider asks as well
    expect(stranger.get_by_role("button", name="Sign in")).to_be_visible()
    unverified = sign_in(visitors("/"), "uma")
    expect(unverified.get_by_text("has not verified your e-mail address")).to_be_visible()


def test_signing_in_leads_to_the_page_that_was_asked_for_and_out_means_out(
    provider: Provider, visitors: Visit, address: str
) -> None:
    anna = signed_in(visitors, "anna", "/history?sort=Slowest")
    expect(anna.get_by_role("heading", name="History")).to_be_visible()
    expect(anna).to_have_url(re.compile(r"/history\?sort=Slowest"))
    kept = anna.context.cookies()
    anna.goto(f"{address}/account")
    anna.locator(".st-key-card-me").get_by_role("link", name="Sign out").click()
    anna.get_by_role("button", name="End session").click()
    expect(anna.get_by_role("button", name="Sign in")).to_be_visible()
    assert anna.request.get(f"{address}/api/v1/sessions").status == 401
    assert [cookie["httpOnly"] for cookie in kept if cookie["name"].startswith("_streamlit_user")] == [True, True]


def test_a_cookie_that_was_tampered_with_opens_nothing(provider: Provider, visitors: Visit, address: str) -> None:
    anna = signed_in(visitors, "anna")
    [cookie] = [one for one in anna.context.cookies() if one["name"] == "_streamlit_user"]
    value = cookie["value"].strip('"')
    forged = value[:20] + ("A" if value[20] != "A" else "B") + value[21:]
    anna.context.add_cookies([{"name": cookie["name"], "value": forged, "url": address}])
    anna.goto(address)
    expect(anna.get_by_role("button", name="Sign in")).to_be_visible()
    assert anna.request.get(f"{address}/api/v1/sessions").status == 401


def test_a_token_is_shown_once_works_and_is_refused_after_it_was_revoked(
    provider: Provider, desk: Desk, visitors: Visit, address: str
) -> None:
    anna = signed_in(visitors, "anna", "/account")
    anna.get_by_label("What is it for?").fill("Recorder")
    anna.get_by_role("button", name="Make a token").click()
    token = anna.get_by_role("dialog").get_by_test_id("stCode").inner_text().strip()
    assert token.startswith("td_")
    bearer = {"Authorization": f"Bearer {token}"}
    program = visitors("/")
    assert program.request.get(f"{address}/api/v1/sessions", headers=bearer).status == 200
    anna.get_by_role("button", name="I have copied it").click()
    expect(anna.get_by_text(token)).to_have_count(0)
    anna.get_by_role("button", name="Revoke").click()
    anna.get_by_role("button", name="Revoke it").click()
    expect(anna.get_by_text("No longer working (1)")).to_be_visible()
    assert program.request.get(f"{address}/api/v1/sessions", headers=bearer).status == 401
    assert token.rpartition("_")[2] not in desk.logged()


def test_operations_make_somebody_ops_and_read_it_in_the_audit(
    provider: Provider, visitors: Visit, address: str
) -> None:
    signed_in(visitors, "anna")
    olga = signed_in(visitors, "olga", "/people")
    anna = olga.locator("[class*='st-key-card-person-']").filter(has_text="anna@example.org")
    anna.get_by_role("button", name="Make ops").click()
    olga.get_by_role("dialog").get_by_role("button", name="Make ops").click()
    expect(anna.get_by_role("button", name="Make coach")).to_be_visible()
    olga.goto(f"{address}/audit?action=Granted")
    expect(olga.locator("table.sessions tbody tr")).to_have_count(1)
    with transaction() as db:
        assert {account.email: str(account.role) for account in people.accounts.everyone(db)} == {
            "anna@example.org": "ops",
            "olga@example.org": "ops",
        }
