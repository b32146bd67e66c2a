"""What a page shows while the database is away."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError
from streamlit.testing.v1 import AppTest

from jobs import policy
from pages import live
from tests.instruments.claims import claimed, set_facts
from tests.instruments.screens import opened, percentages, said

NewSession = Callable[..., uuid.UUID]


def test_a_page_shows_old_numbers_as_old_and_recovers(new_session: NewSession, monkeypatch: pytest.MonkeyPatch) -> None:
    session_id = new_session(title="Anna")
    claimed()
    set_facts(session_id, "duration_processed = 30")
    app = opened()
    before = percentages(app)
    with monkeypatch.context() as away:
        away.setattr(policy, "transaction", lambda _: _raise_away())
        again(app)
        words = said(app)
        assert "The database does not answer" in words
        assert "not live" in words
        assert "Anna" in words
        assert percentages(app) == before
    again(app)
    assert "The database does not answer" not in said(app)


def test_a_page_without_any_numbers_says_that_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "transaction", lambda _: _raise_away())
    monkeypatch.setattr(live, "transaction", _raise_away)
    words = said(opened())
    assert "The database does not answer at the moment" in words
    assert "goes on by itself" in words


def again(app: AppTest) -> None:
    live.changed()
    app.run()
    assert not app.exception


def _raise_away() -> None:
    raise OperationalError("SELECT", {}, Exception("the server is away"))
