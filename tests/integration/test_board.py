"""Records become views: what is under way first, in its order, with places and honest waits."""

import uuid
from collections.abc import Callable

import pytest

from jobs import board
from store.database import transaction
from store.states import Status
from tests.instruments.claims import claimed, complete, set_facts
from tests.instruments.people import coach

NewSession = Callable[..., uuid.UUID]
SettingsOf = Callable[..., None]


def test_nothing_uploaded_yet_is_an_empty_list() -> None:
    assert board.my_sessions(coach("anna")) == []
    assert board.session(uuid.uuid4()) is None


def test_what_is_under_way_comes_before_what_is_finished(new_session: NewSession) -> None:
    done = new_session(owner="anna")
    complete(claimed())
    older, newer = new_session(owner="anna"), new_session(owner="anna")
    new_session(owner="ben")
    assert [view.session_id for view in board.my_sessions(coach("anna"))] == [newer, older, done]
    assert len(board.my_sessions(None)) == 4


def test_many_at_once_come_in_the_order_asked_without_unknown_or_foreign_ones(new_session: NewSession) -> None:
    first, second, foreign = (new_session(owner=owner) for owner in ("anna", "anna", "ben"))
    asked = [second, uuid.uuid4(), foreign, first, second]
    assert [view.session_id for view in board.sessions(asked, coach("anna"))] == [second, first]


def test_places_are_those_of_the_claim_and_waits_add_up(new_session: NewSession, settings_of: SettingsOf) -> None:
    """One worker, 4 times real time expected: the second waits for the first, the third for both."""
    settings_of(workers=1)
    normal, low, high = (
        new_session(duration_total=seconds, priority=word)
        for seconds, word in ((100.0, "normal"), (10.0, "low"), (50.0, "high"))
    )
    views = {view.session_id: view for view in board.my_sessions(None)}
    places = {session_id: view.place for session_id, view in views.items()}
    assert [(place.position, place.of, place.wait_sec) for place in (places[high], places[normal], places[low])] == [
        (1, 3, 0),
        (2, 3, 200),
        (3, 3, 600),
    ]
    assert views[low].remaining_sec == pytest.approx(640)


def test_workers_share_the_wait(new_session: NewSession, settings_of: SettingsOf) -> None:
    settings_of(workers=3)
    for _ in range(3):
        new_session(duration_total=100.0)
    last = new_session(duration_total=100.0)
    assert board.session(last).place.wait_sec == 400  # type: ignore[union-attr]  # it waits, so it has a place


def test_a_session_that_waits_to_try_again_has_no_place(new_session: NewSession) -> None:
    session_id = new_session()
    set_facts(session_id, "next_run_at = clock_timestamp() + interval '1 hour'")
    shown = board.session(session_id)
    assert shown is not None
    assert shown.status is Status.PENDING
    assert shown.place is None
    assert shown.message.startswith("Trying again in 1 hour")


def test_what_is_learned_is_shared_by_expectation_and_views(new_session: NewSession) -> None:
    for _ in range(3):
        session_id = new_session()
        complete(claimed())
        set_facts(session_id, "duration_total = 600")
    with transaction() as db:
        expected = board.expectation(db, "pocketsphinx", 600)
    assert expected.learned
    assert expected.expected_sec == 2.0  # never less than an attempt takes to start
    assert board.session(new_session(duration_total=600.0)).basis == "learned"  # type: ignore[union-attr]  # exists


def test_the_worked_example_through_postgres(new_session: NewSession) -> None:
    """A 60-minute file, 4 hours expected, 30 minutes in, an eighth done; whoever looks again sees the same."""
    session_id = new_session(duration_total=3600.0)
    claimed()
    set_facts(session_id, "started_at = started_at - interval '30 minutes', duration_processed = 450")
    for _ in range(2):
        shown = board.session(session_id)
        assert shown is not None
        assert (shown.status, shown.remaining_text) == (Status.PROCESSING, "~3.5 hours")
        assert 12 <= shown.progress <= 15
