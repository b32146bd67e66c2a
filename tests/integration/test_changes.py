"""The mark of changes: another one once a change is made, the same while nothing is."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from jobs import messages
from store import accounts, changes, intake, tokens, transitions
from store.database import transaction
from store.schema import CoachingSession
from store.scope import Role
from store.session_queries import by_id
from store.states import Status
from store.tokens import TokenScope

NewSession = Callable[..., uuid.UUID]


@contextmanager
def told(expected: bool) -> Iterator[Session]:
    """A transaction that makes another mark or does not; never before it is committed."""
    before, at_commit = changes.latest(), []
    with transaction() as db:
        event.listen(db, "after_commit", lambda _: at_commit.append(changes.latest()))
        yield db
    assert at_commit == [before]
    assert (changes.latest() is not before) == expected


def recording(owner: str = "coach") -> intake.Recording:
    session_id = uuid.uuid4()
    return intake.Recording(session_id, owner, "a.wav", f"local://{session_id}", 1, session_id.hex * 2, "WAV", 60.0)


def cancel(db: Session, session_id: uuid.UUID) -> bool:
    return transitions.transition(
        db, session_id, before=[Status.PENDING], after=Status.CANCELLED, message=messages.WAITING, actor="coach"
    )


def renamed(db: Session, session_id: uuid.UUID) -> bool:
    changed = update(CoachingSession).where(CoachingSession.id == session_id, CoachingSession.title != "New")
    return changes.noted(db, changed.values(title="New").returning(CoachingSession.id))


def test_every_change_makes_another_mark_and_what_is_read_makes_none(new_session: NewSession) -> None:
    session_id = new_session()
    seen = [changes.latest()]
    for _ in range(3):
        with told(True) as db:
            changes.note(db)
        seen.append(changes.latest())
        with told(False) as db:
            assert by_id(db, session_id)
    assert len({id(mark) for mark in seen}) == len(seen)  # the first ones are held, so no address comes twice


def test_an_update_is_noted_when_it_changed_something(new_session: NewSession) -> None:
    session_id = new_session()
    with told(False) as db:
        assert not renamed(db, uuid.uuid4())
    with told(True) as db:
        assert renamed(db, session_id)
        assert not renamed(db, session_id)  # forgets nothing
    with told(False) as db:
        assert not renamed(db, session_id)


def test_what_happens_to_sessions_is_told(new_session: NewSession) -> None:
    before = changes.latest()
    session_id = new_session()
    assert changes.latest() is not before
    with told(True) as db:
        assert cancel(db, session_id)
    with told(False) as db:
        assert not cancel(db, session_id)
    with told(True) as db:
        assert intake.delete_session(db, session_id)


def test_what_happens_to_uploads_is_told() -> None:
    upload = recording()
    with told(True) as db:
        intake.keep_upload(db, upload)
    with told(False) as db:
        assert intake.uploads_of(db, "coach") == [upload]
        assert intake.take_upload(db, upload.id, owner="another") is None
    with told(True) as db:
        assert intake.take_upload(db, upload.id, owner="coach") == upload


def test_what_people_may_do_is_told() -> None:
    with transaction() as db:
        identity = ("https://id.example.org", "anna")
        anna = accounts.create(db, identity, email="anna@example.org", name="Anna", role=Role.COACH, at=None).id
        tokens.add(
            db, "t", account_id=anna, name="t", secret_sha256=uuid.uuid4().hex * 2, scope=TokenScope.READ, days=1
        )
    steps: list[Callable[[Session], bool]] = [
        lambda db: accounts.set_role(db, anna, Role.OPS),
        lambda db: accounts.set_disabled(db, anna, disabled=True),
        lambda db: accounts.set_disabled(db, anna, disabled=False),
        lambda db: tokens.revoke(db, "t", account_id=anna),
    ]
    for step in steps:
        with told(True) as db:
            assert step(db)
    for again in (steps[0], steps[2], steps[3]):
        with told(False) as db:
            assert not again(db)


def test_a_commit_of_which_nobody_knows_whether_it_happened_is_told(new_session: NewSession) -> None:
    session_id, before = new_session(), changes.latest()

    def cut(db: Session) -> None:
        db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    def rename() -> None:
        with transaction() as db:
            assert renamed(db, session_id)
            event.listen(db, "before_commit", cut)

    with pytest.raises(OperationalError):
        rename()
    assert changes.latest() is not before


def test_what_is_rolled_back_without_a_change_is_not_told(new_session: NewSession) -> None:
    session_id, before = new_session(), changes.latest()

    def fail() -> None:
        with transaction() as db:
            assert by_id(db, session_id)
            assert not renamed(db, uuid.uuid4())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert changes.latest() is before


def test_a_change_is_told_once_and_by_its_own_transaction(new_session: NewSession) -> None:
    session_id = new_session()
    with told(True) as db:
        assert renamed(db, session_id)
        with told(False) as another:
            assert by_id(another, session_id)
    mark = changes.latest()
    changes.ended(db)
    assert changes.latest() is mark


def test_another_transaction_sees_the_change_once_it_is_told(new_session: NewSession) -> None:
    session_id, mark = new_session(), changes.latest()
    with transaction() as db:
        assert renamed(db, session_id)
        with transaction() as another:
            record = by_id(another, session_id)
            assert record is not None
            assert (record.title, changes.latest() is mark) == ("Session", True)
    with transaction() as another:
        record = by_id(another, session_id)
        assert record is not None
        assert (record.title, changes.latest() is mark) == ("New", False)
