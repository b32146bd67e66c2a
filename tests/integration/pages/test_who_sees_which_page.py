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
from jobs.policy import Person
from pages.places import PLACES
from tests.instruments.claims import claimed, complete
from tests.instruments.screens import NAVIGATION, said

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
def desk_with_sign_in(settings_of: Callable[..., None]) -> None:
    settings_of(oidc_issuer=ISSUER, oidc_allowed_domains="example.org", ops_emails="olga@example.org")


@pytest.fixture
def annas(new_session: Callable[..., uuid.UUID]) -> uuid.UUID:
    """A finished session of Anna's."""
    for name in ("anna", "ben", "olga", "dora"):
        person(name)
    people.change(Change.DISABLE, "dora@example.org")
    session_id = new_session(owner=person("anna").account_id, title=TITLE)
    complete(claimed())
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
@pytest.mark.parametrize("page", [place.file for place in PLACES])
def test_who_sees_what(page: str, caller: str, annas: uuid.UUID) -> None:
    query = {"session": annas} if page == "session.py" else {}
    words = said(opened_by(user_of(caller), page, **query))
    assert TABLE[page][caller] in words
    if caller not in MAY_READ_THE_TITLE:
        assert TITLE not in words
        assert str(annas) not in words or page == "session.py"
