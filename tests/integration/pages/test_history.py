"""History: what has ended, filtered, sorted, paged, as CSV."""

import csv
import uuid
from collections.abc import Callable

from jobs import history, retry_cancel
from store.history_queries import HistoryFilter
from tests.instruments.claims import claimed, complete
from tests.instruments.screens import opened, pressed, said

NewSession = Callable[..., uuid.UUID]


def ended(new_session: NewSession, *titles: str) -> None:
    for title in titles:
        new_session(title=title)
        complete(claimed())


def test_nothing_yet() -> None:
    assert "No finished session fits" in said(opened("history.py"))


def test_finished_sessions_are_listed_and_running_ones_are_not(new_session: NewSession) -> None:
    ended(new_session, "Finished one")
    new_session(title="Still waiting")
    words = said(opened("history.py"))
    assert "Finished one" in words
    assert "Completed" in words
    assert "Still waiting" not in words


def test_the_filters_are_in_the_address(new_session: NewSession) -> None:
    ended(new_session, "Anna", "Ben")
    words = said(opened("history.py", text="ann"))
    assert "Anna" in words
    assert "Ben" not in words


def test_a_state_can_be_asked_for(new_session: NewSession) -> None:
    ended(new_session, "Anna")
    retry_cancel.give_up(new_session(title="Ben"), actor="operations")
    words = said(opened("history.py", state="Failed"))
    assert "Ben" in words
    assert "Anna" not in words
    assert "Failed</span> at 0 %" in words


def test_pages_are_turned_forth_and_back(new_session: NewSession) -> None:
    ended(new_session, *(f"Session number {number:02}" for number in range(30)))
    app = opened("history.py")
    assert "Session number 29" in said(app)
    assert "Session number 04" not in said(app)
    pressed(app, "Next")
    assert "Session number 04" in said(app)
    assert "Session number 29" not in said(app)
    pressed(app, "Previous")
    assert "Session number 29" in said(app)


def test_a_page_link_of_another_order_shows_the_first_page(new_session: NewSession) -> None:
    ended(new_session, "Anna")
    assert "Anna" in said(opened("history.py", turn="nonsense"))


def test_csv_has_a_row_a_session_and_no_formulas(new_session: NewSession) -> None:
    ended(new_session, "=HYPERLINK(1)", 'quoted "x", y')
    rows = list(csv.DictReader("".join(history.as_csv(HistoryFilter(owner="coach"))).splitlines()))
    assert [row["title"] for row in rows] == ['quoted "x", y', "'=HYPERLINK(1)"]
    assert {row["state"] for row in rows} == {"completed"}
