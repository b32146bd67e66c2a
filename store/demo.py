"""`python -m store.demo [--remove]`: a labelled, removable month of plausible sessions for history and speed.

They are marked `demo`: estimates never learn from them, and removing them removes nothing else.
"""

import random
import sys
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from store import logs, speaker_names
from store.database import database_now, transaction
from store.schema import Attempt, CoachingSession, ProcessingStatus, TranscriptSegment
from store.settings import settings
from store.speaker_names import Voice
from store.states import Status

DAYS = 30
TOPICS = (
    *("First meeting", "Goals for the quarter", "Leading a new team", "Saying no", "Feedback that lands"),
    *("Career crossroads", "Conflict with a peer", "Preparing the review", "Time and energy", "Closing session"),
)
LINES = (
    "What would you like to have at the end of this hour?",
    "I would like to know how to begin the conversation with my team.",
    "What have you tried so far?",
    "I wrote it down, and then I did not send it.",
    "What would be the smallest step that you could take this week?",
)
PACE = {"whisper": 0.08, "google": 0.12}  # seconds of processing a second of audio, about
SPEAKERS = (Voice("Speaker 1", "Coach"), Voice("Speaker 2", "Client"))
CAUSES = (
    ("recognition-failed", "retryable", "The transcription engine stopped in the middle of the recording."),
    ("decoding-failed", "permanent", "The sound in this file is damaged and cannot be read."),
)


@dataclass(frozen=True)
class Course:
    """How one demo session went; times are UTC."""

    created_at: datetime
    started_at: datetime
    finished_at: datetime
    status: Status
    share_done: float


def fill(db: Session, seed: int = 7) -> int:
    """Replace the demo month by a new one; how many sessions it has."""
    remove(db)
    chance, now = random.Random(seed), database_now(db)
    count = 0
    for day in range(DAYS, 0, -1):
        morning = (now - timedelta(days=day)).replace(hour=8, minute=0, second=0, microsecond=0)
        if morning.weekday() < 5:
            for _ in range(chance.randint(2, 6)):
                _add(db, chance, morning + timedelta(minutes=chance.uniform(0, 600)), count)
                count += 1
    return count


def remove(db: Session) -> int:
    """Remove every demo session with all about it; how many."""
    return len(db.scalars(delete(CoachingSession).where(CoachingSession.demo).returning(CoachingSession.id)).all())


def _add(db: Session, chance: random.Random, created_at: datetime, number: int) -> None:
    session_id, engine = uuid.UUID(int=chance.getrandbits(128), version=4), chance.choice(list(PACE))
    duration = chance.triangular(600, 5400, 3000)
    status = chance.choices([Status.COMPLETED, Status.FAILED, Status.CANCELLED], [90, 7, 3])[0]
    course = _course(chance, created_at, duration * PACE[engine] * chance.lognormvariate(0, 0.2), status)
    code, kind, text = chance.choice(CAUSES) if status is Status.FAILED else (None, None, None)
    title = f"Demo: {TOPICS[number % len(TOPICS)]}"
    db.execute(
        insert(CoachingSession).values(
            id=session_id,
            owner=settings().owner,
            title=title,
            audio_filename=f"{title.removeprefix('Demo: ').lower().replace(' ', '-')}.m4a",
            audio_uri=f"demo://{session_id}",
            audio_size_bytes=int(duration * 8_000),
            audio_sha256=f"{number:064x}",
            audio_format="M4A, 44.1 kHz mono",
            duration_total=duration,
            language="en",
            engine=engine,
            demo=True,
            status=status,
            attempt=1,
            claim_no=1,
            worker="demo",
            duration_processed=duration * course.share_done,
            error_code=code,
            error_kind=kind,
            error_text=text,
            created_at=course.created_at,
            updated_at=course.finished_at,
            queued_at=course.created_at,
            started_at=course.started_at,
            heartbeat_at=course.finished_at,
            finished_at=course.finished_at,
        )
    )
    db.execute(
        insert(Attempt).values(
            session_id=session_id,
            number=1,
            claim_no=1,
            engine=engine,
            worker="demo",
            started_by=settings().owner,
            expected_sec=duration * PACE[engine],
            expected_from="history",
            spread=1.5,
            processed_sec=duration * course.share_done,
            queued_at=course.created_at,
            started_at=course.started_at,
            prepared_at=course.started_at + timedelta(seconds=5),
            finished_at=course.finished_at,
            outcome=status.value,
            error_code=code,
            error_text=text,
        )
    )
    db.execute(insert(ProcessingStatus), _history(session_id, course, text))
    if status is Status.COMPLETED:
        db.execute(insert(TranscriptSegment), _segments(session_id, duration))
        speaker_names.write(db, session_id, {voice.label: voice.name for voice in SPEAKERS})


def _course(chance: random.Random, created_at: datetime, takes_sec: float, status: Status) -> Course:
    share = 1.0 if status is Status.COMPLETED else chance.uniform(0.1, 0.8)
    started_at = created_at + timedelta(seconds=chance.expovariate(1 / 40))
    return Course(created_at, started_at, started_at + timedelta(seconds=takes_sec * share), status, share)


def _history(session_id: uuid.UUID, course: Course, cause: str | None) -> list[dict[str, Any]]:
    ends = {
        Status.COMPLETED: "Transcription complete!",
        Status.FAILED: "Processing failed. Please try again.",
        Status.CANCELLED: "Cancelled",
    }
    reached = 100 if course.status is Status.COMPLETED else int(100 * course.share_done)
    lines = [
        (Status.PENDING, 0, "Waiting in queue", None, course.created_at, course.created_at),
        (Status.PROCESSING, min(reached, 99), "Processing audio...", None, course.started_at, course.finished_at),
        (course.status, reached, ends[course.status], cause, course.finished_at, course.finished_at),
    ]
    names = ("status", "progress", "message", "detail", "created_at", "updated_at")
    return [
        {"session_id": session_id, "actor": "demo", "attempt": int(i > 0), "claim_no": int(i > 0)}
        | dict(zip(names, line, strict=True))
        for i, line in enumerate(lines)
    ]


def _segments(session_id: uuid.UUID, duration: float) -> list[dict[str, Any]]:
    each = duration / len(LINES)
    return [
        {
            "session_id": session_id,
            "position": i,
            "claim_no": 1,
            "start_sec": i * each,
            "end_sec": (i + 0.9) * each,
            "speaker": SPEAKERS[i % 2].label,
            "confidence": None,
            "text": line,
            "words": [],
        }
        for i, line in enumerate(LINES)
    ]


def main(arguments: list[str]) -> int:
    logs.configure()
    with transaction() as db:
        if "--remove" in arguments:
            print(f"Removed {remove(db)} demo sessions.")
        else:
            print(f"Added {fill(db)} demo sessions over {DAYS} days. `make demo-remove` takes them away again.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
