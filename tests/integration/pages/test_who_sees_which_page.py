"""Every page, opened by everybody: nobody, two coaches, operations, somebody disabled.

A page that is missing in the table fails, so that a new one cannot be forgotten.
"""

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from jobs import people, sign_in
from jobs.people import Change
from jobs.policy import Person, local_person
from pages import live, signed_in
from pages.places import PLACES
from tests.instruments.claims import claimed, complete
from tests.instruments.screens import NAVIGATION, said
from tests.instruments.statistics import refreshed

ISSUER = "https://id.example.org"
PAGES = Path(__file__).resolve().parents[3] / "pages"
TITLE = "Annas secret first meeting"
SIGN_IN, THEIRS, NOT_HERE = "Sign in", "This page is for operations", "This session is not here"
OUT = {"nobody": SIGN_IN, "disabled": "Your account was disabled"}
OPS_ONLY = {**OUT, "anna": THEIRS, "ben": THEIRS}
# What each of them reads there; the session is Anna's
TABLE: dict[str, dict[str, str]] = {
    "my_sessions.py": {**OUT, "anna": TITLE, "ben": "Nothing here yet", "ops": "Nothing here yet"},
    "session.py": {**OUT, "anna": TITLE, "ben": NOT_HERE, "ops": TITLE},
    "history.py": {**OUT, "anna": TITLE, "ben": "No session fits", "ops": TITLE},
    "speed.py": {**OUT, "anna": "Typical speed", "ben": "No session has ended", "ops": "Typical speed"},
    "stalled.py": {**OPS_ONLY, "ops": "Nothing is stalled"},
    "people.py": {**OPS_ONLY, "ops": "anna@example.org"},
    "audit.py": {**OPS_ONLY, "ops": "account made"},
    "help.py": {
        **OUT,
        "anna": "What if nothing moves?",
        "ben": "What if nothing moves?",
        "ops": "What if nothing moves?",
    },
    "account.py": {**OUT, "anna": "anna@example.org", "ben": "ben@example.org", "ops": "olga@example.org"},
    "sign_out.py": {**OUT, "anna": "Signing out", "ben": "Signing out", "ops": "Signing out"},
}
MAY_READ_THE_TITLE = {"anna", "ops"}
CALLERS = ("nobody", "anna", "ben", "ops", "disabled")
MAIL = {"anna": "anna", "ben": "ben", "ops": "olga", "disabled": "dora"}


def claims(name: str, **others: Any) -> dict[str, Any]:
    """What Streamlit knows of somebody who signed in."""
    told = {"iss": ISSUER, "sub": name, "email": f"{name}@example.org", "name": name.title(), "email_verified": True}
    return {"is_logged_in": True, "provider": "default", "iat": int(time.time()), **told, **others}


def person(name: str) -> Person:
    return sign_in.sign_in(
        issuer=ISSUER, subject=name, email=f"{name}@example.org", name=name.title(), email_verified=True
    )


@pytest.fixture(autouse=True)
def desk_with_sign_in(settings_of: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_in, "came_from", lambda: "192.0.2.7")  # AppTest has no network
    settings_of(oidc_issuer=ISSUER, oidc_allowed_domains="example.org", ops_emails="olga@example.org")


@pytest.fixture
def annas(new_session: Callable[..., uuid.UUID]) -> uuid.UUID:
    """A finished session of Anna's."""
    for name in ("anna", "ben", "olga", "dora"):
        person(name)
    people.change(Change.DISABLE, "dora@example.org")
    session_id = new_session(owner=person("anna").account_id, title=TITLE)
    complete(claimed())
    refreshed()
    return session_id


def opened_by(user: dict[str, Any], page: str = "my_sessions.py", **query: object) -> AppTest:
    app = AppTest.from_file(str(NAVIGATION), default_timeout=30)
    app.user = user
    app.run()
    app.switch_page(page)
    for name, value in query.items():
        app.query_params[name] = str(value)
    app.run()
    assert not app.exception, app.exception
    return app


def user_of(caller: str) -> dict[str, Any]:
    return {"is_logged_in": False} if caller == "nobody" else claims(MAIL[caller])


def test_every_page_is_in_the_table_and_in_the_navigation() -> None:
    assert {place.file for place in PLACES} == set(TABLE)
    scripts = {path.name for path in PAGES.glob("*.py") if "\nst.title(" in path.read_text()}
    assert scripts - {"navigation.py"} <= set(TABLE)
    assert all(set(row) == set(CALLERS) for row in TABLE.values())


@pytest.mark.parametrize("caller", CALLERS)
def test_who_sees_what(caller: str, annas: uuid.UUID) -> None:
    wrong = []
    for place in PLACES:
        query = {"session": annas} if place.file == "session.py" else {}
        words = said(opened_by(user_of(caller), place.file, **query))
        if TABLE[place.file][caller] not in words:
            wrong.append(f"{place.file} does not show {TABLE[place.file][caller]!r}: {words}")
        if caller not in MAY_READ_THE_TITLE and (TITLE in words or str(annas) in words):
            wrong.append(f"{place.file} crosses: {words}")
    assert wrong == []


def test_the_navigation_lists_what_is_for_its_reader() -> None:
    listed = {name: {place.file for place in PLACES if place.is_listed_for(person(name))} for name in ("anna", "olga")}
    assert listed["olga"] - listed["anna"] == {"stalled.py", "people.py", "audit.py"}
    local = {place.file for place in PLACES if place.is_listed_for(local_person())}
    assert local.isdisjoint({"people.py", "account.py", "sign_out.py"})


def test_whoever_is_disabled_or_signed_in_too_long_ago_is_out_at_the_next_run(annas: uuid.UUID) -> None:
    app = opened_by(claims("anna"))
    assert TITLE in said(app)
    people.change(Change.DISABLE, "anna@example.org")
    live.changed()
    assert "Your account was disabled" in said(app.run())
    people.change(Change.ENABLE, "anna@example.org")
    live.changed()
    assert TITLE in said(app.run())
    app.user = claims("anna", iat=time.time() - 13 * 3600)
    words = said(app.run())
    assert "You signed in too long ago" in words
    assert TITLE not in words


def test_a_button_is_pressed_as_whoever_they_are_by_then(annas: uuid.UUID) -> None:
    app = opened_by(claims("olga"), "people.py")
    for account in people.everyone():
        if account.email == "ben@example.org":
            app.button(key=f"grant-{account.id}").click().run()
    people.change(Change.REVOKE, "olga@example.org")
    live.changed()
    [button] = [one for one in app.button if one.key == "confirm-grant"]
    button.click().run()
    assert {account.email for account in people.everyone() if account.role == "ops"} == set()
    assert THEIRS in said(app)


def test_a_refusal_says_why_and_shows_the_way_out() -> None:
    words = said(opened_by(claims("eve", email="eve@elsewhere.example")))
    assert "This desk is not open to your e-mail address" in words
    assert "Use another account" in words
    assert "has not verified" in said(opened_by(claims("uma", email_verified=False)))
    assert people.everyone() == []
