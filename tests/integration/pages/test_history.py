"""History: what has ended, filtered, sorted, paged, as CSV."""

import csv
import uuid
from collections.abc import Callable

from jobs import history, retry_cancel
from store.history_queries import HistoryFilter
from store.states import Status
from tests.instruments.claims import claimed, complete, record_of
from tests.instruments.people import coach
from tests.instruments.screens import opened, pressed, said

NewSession = Callable[..., uuid.UUID]


def ended(new_session: NewSession, *titles: str) -> None:
    for title in titles:
        new_session(title=title)
        complete(claimed())


def test_nothing_yet() -> None:
    assert "No session fits" in said(opened("history.py"))


def test_finished_sessions_are_listed_and_running_ones_are_not(new_session: NewSession) -> None:
    ended(new_session, "Finished one")
    new_session(title="Still waiting")
    words = said(opened("history.py"))
    assert "Finished one" in words
    assert "Completed" in words
    assert "1 session" in words
    assert "1 sessions" not in words
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


def test_what_failed_is_retried_together_after_a_question_that_counts(new_session: NewSession) -> None:
    ids = [new_session(title=title) for title in ("Anna", "Ben", "Hanna")]
    for session_id in ids:
        retry_cancel.give_up(session_id, actor="operations")
    asked = pressed(opened("history.py", text="anna"), "Retry all (2)")
    assert "2 failed or cancelled sessions" in said(asked)
    assert [record_of(session_id).status for session_id in ids] == [Status.FAILED] * 3
    app = pressed(asked, "Retry 2 sessions")
    assert "2 changed" in app.toast[0].value
    assert [record_of(session_id).status for session_id in ids] == [Status.PENDING, Status.FAILED, Status.PENDING]


def test_what_waits_can_be_seen_and_cancelled_together(new_session: NewSession) -> None:
    ids = [new_session(title=title) for title in ("Anna", "Ben")]
    app = opened("history.py", state="Waiting")
    assert "Ben" in said(app)
    pressed(pressed(app, "Cancel all (2)"), "Cancel 2 sessions")
    assert [record_of(session_id).status for session_id in ids] == [Status.CANCELLED] * 2


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


def test_a_page_link_of_another_filter_shows_the_first_page(new_session: NewSession) -> None:
    """As the browser's Back brings it, when the text was typed on a page further on."""
    ended(new_session, *(f"Session number {number:02}" for number in range(30)), "Anna")
    app = opened("history.py")
    pressed(app, "Next")
    turned = app.query_params["turn"][0]
    assert "Anna" in said(opened("history.py", text="anna", turn=turned))


def test_csv_has_a_row_a_session_and_no_formulas(new_session: NewSession) -> None:
    ended(new_session, "=HYPERLINK(1)", 'quoted "x", y')
    rows = list(csv.DictReader("".join(history.as_csv(coach("coach"), HistoryFilter())).splitlines()))
    assert [row["title"] for row in rows] == ['quoted "x", y', "'=HYPERLINK(1)"]
    assert {row["state"] for row in rows} == {"completed"}
