"""Sessions of history as a test wants them, and all pages of them turned."""

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from store.history_queries import HistoryFilter, Sort, page
from store.schema import Attempt, CoachingSession, ProcessingStatus
from store.states import FINAL, Status

MONDAY = datetime(2025, 1, 6, 9, tzinfo=UTC)


def add(
    db: Session,
    *,
    status: Status = Status.COMPLETED,
    owner: str = "coach",
    title: str = "Session",
    filename: str = "session.wav",
    day: int = 0,
    minutes: float = 10,
    took_sec: float = 60,
    resumed_sec: float = 0,
    engine_name: str = "pocketsphinx",
) -> uuid.UUID:
    session_id = uuid.uuid4()
    created = MONDAY + timedelta(days=day)
    begun = status is not Status.PENDING
    db.execute(
        insert(CoachingSession).values(
            id=session_id,
            owner=owner,
            title=title,
            audio_filename=filename,
            audio_uri=f"local://{session_id}",
            audio_size_bytes=1,
            audio_sha256="0" * 64,
            audio_format="wav",
            duration_total=minutes * 60,
            duration_resumed=resumed_sec,
            language="en",
            engine=engine_name,
            status=status,
            attempt=int(begun),
            created_at=created,
            started_at=created if begun else None,
            heartbeat_at=created if begun else None,
            finished_at=created + timedelta(seconds=took_sec) if status in FINAL else None,
        )
    )
    db.execute(
        insert(ProcessingStatus).values(
            session_id=session_id,
            status=status,
            progress=100 if status is Status.COMPLETED else 0,
            message="",
            actor="test",
            attempt=int(begun),
            claim_no=0,
        )
    )
    if begun:
        db.execute(
            insert(Attempt).values(
                session_id=session_id,
                number=1,
                claim_no=0,
                engine=engine_name,
                worker="w",
                started_by="coach",
                expected_sec=60,
                expected_from="default",
                spread=2,
                resumed_sec=resumed_sec,
                queued_at=created,
                started_at=created,
            )
        )
    return session_id


def many(db: Session) -> list[uuid.UUID]:
    """Sessions in every state, with ties in every sort."""
    states = list(Status)
    return [
        add(
            db,
            status=states[number % 5],
            day=number // 3,
            title=f"{'Zz' if number % 2 else 'aa'} {number // 4}",
            minutes=10 + number // 4,
            took_sec=60 + number // 6,
            resumed_sec=number % 3,
        )
        for number in range(23)
    ]


def turn(db: Session, which: HistoryFilter, sort: Sort, limit: int) -> list[list[uuid.UUID]]:
    """All pages, read forward, and again backward from the last, which must show the same."""
    pages, cursors, cursor = [], [], None
    while True:
        shown = page(db, which, sort, cursor, limit)
        pages.append([record.id for record in shown.records])
        cursors.append(shown.previous)
        if shown.next is None:
            break
        cursor = shown.next
    assert cursors[0] is None
    backward, cursor = pages[-1:], cursors[-1]
    while cursor:
        shown = page(db, which, sort, cursor, limit)
        assert shown.next is not None
        backward.insert(0, [record.id for record in shown.records])
        cursor = shown.previous
    assert backward == pages
    return pages
