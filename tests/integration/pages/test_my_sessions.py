"""The home page: nothing yet, then a card for each session, whatever its state."""

import uuid
from collections.abc import Callable

import pytest

from jobs import messages, retry_cancel
from jobs.errors import RecognitionFailed
from store import outcomes
from store.database import transaction
from store.outcomes import Cause
from store.states import Status
from tests.instruments.claims import claimed, complete, finish_chunk, record_of, set_facts, worker_dies
from tests.instruments.screens import opened, percentages, pressed, said

NewSession = Callable[..., uuid.UUID]


def test_nothing_yet_explains_what_this_is_and_offers_the_sample() -> None:
    words = said(opened())
    assert "watch it become a transcript" in words
    assert "Try the sample recording" in words


def test_the_sample_is_queued_with_one_click() -> None:
    words = said(pressed(opened(), "Try the sample recording"))
    assert "Sample: a coaching dialogue" in words
    assert "1st of 1 in the queue" in words
    assert "Try the sample recording" not in words


def test_a_waiting_session_shows_its_place_and_priority(new_session: NewSession) -> None:
    new_session(title="Later")
    new_session(title="First", priority="high")
    words = said(opened())
    assert "Waiting" in words
    assert messages.WAITING in words
    assert "1st of 2 in the queue" in words
    assert "2nd of 2 in the queue" in words
    assert "high priority" in words
    assert "No worker is running at the moment" in words


def test_a_running_session_shows_how_far_it_is_and_its_words(new_session: NewSession) -> None:
    session_id = new_session()
    finish_chunk(claimed())
    set_facts(session_id, "duration_processed = 20, started_at = clock_timestamp() - interval '60 seconds'")
    app = opened()
    words = said(app)
    assert 29 <= percentages(app)[0] <= 32  # 0.7 · 20/60 + 0.3 · 60/240
    assert "0:20 of 1:00 of audio done" in words
    assert "left" in words
    assert "(rough estimate)" in words
    assert "ready about" in words
    assert "updated " in words
    assert "Hello" in words


def test_each_session_has_a_bar_of_its_own(new_session: NewSession) -> None:
    for title in ("One", "Two", "Three"):
        new_session(title=title)
    for processed_sec in (15, 30, 45):
        claim = claimed()
        set_facts(claim.session_id, f"duration_processed = {processed_sec}")
    assert sorted(percentages(opened())) == [17, 35, 52]


def test_a_completed_session_says_so_with_its_speed(new_session: NewSession) -> None:
    session_id = new_session()
    complete(claimed())
    set_facts(session_id, "finished_at = started_at + interval '15.4 seconds'")
    app = opened()
    assert percentages(app) == [100]
    words = said(app)
    assert messages.COMPLETED in words
    assert "processed in 15 s" in words
    assert "3.9x faster than real time" in words


def test_a_failed_session_keeps_its_percentage_and_says_what_to_do(new_session: NewSession) -> None:
    session_id = new_session()
    claim = claimed()
    with transaction() as db:
        db.connection()
        outcomes.fail(
            db,
            session_id,
            cause=Cause(RecognitionFailed.code, RecognitionFailed.kind, RecognitionFailed().sentence),
            message=messages.FAILED,
            actor="host-1",
            claim_no=claim.claim_no,
        )
    app = opened()
    words = said(app)
    assert percentages(app) == [record_of(session_id).progress]
    assert messages.FAILED in words
    assert RecognitionFailed().sentence in words
    assert RecognitionFailed.hope in words
    assert "Upload new file" in words
    assert "What this means and what to do" in words


def test_retry_queues_a_failed_session_again(new_session: NewSession) -> None:
    session_id = new_session()
    retry_cancel.give_up(session_id, actor="operations")
    pressed(opened(), "Retry")
    assert record_of(session_id).status is Status.PENDING


def test_cancel_asks_first_and_the_session_can_be_started_again(new_session: NewSession) -> None:
    session_id = new_session()
    asked = pressed(opened(), "Cancel")
    assert record_of(session_id).status is Status.PENDING
    assert "stops within seconds" in said(asked)
    app = pressed(asked, "Cancel transcription")
    assert record_of(session_id).status is Status.CANCELLED
    pressed(app, "Start again")
    assert record_of(session_id).status is Status.PENDING


def test_a_session_that_was_cancelled_elsewhere_meanwhile_is_said_and_not_raised(new_session: NewSession) -> None:
    session_id = new_session()
    asked = pressed(opened(), "Cancel")
    retry_cancel.cancel(session_id, actor="coach")
    app = pressed(asked, "Cancel transcription")
    assert "Only a waiting or running session can be cancelled" in app.toast[0].value


def test_a_stalled_session_is_marked_with_its_evidence(new_session: NewSession) -> None:
    session_id = new_session()
    claimed()
    worker_dies(session_id)
    words = said(opened())
    assert "Stalled" in words
    assert "No heartbeat for" in words


def test_without_redis_a_waiting_session_says_that_it_is_safe(
    new_session: NewSession, settings_of: Callable[..., None]
) -> None:
    new_session()
    settings_of(redis_url="redis://127.0.0.1:1/0")
    assert messages.QUEUE_DELAYED in said(opened())


@pytest.mark.parametrize("title", ["*bold* _x_ [a](b) `c` $d$ :red[e]", "<b>x</b>", "Zoë & 李 🎙️"])
def test_a_title_is_shown_as_it_is(new_session: NewSession, title: str) -> None:
    new_session(title=title)
    assert title in said(opened())
