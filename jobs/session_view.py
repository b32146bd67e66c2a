"""What a session looks like now: the one pure function behind every screen and the API (record in, view out)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs import estimate, messages, progress, stalled
from jobs.durations import about, between, clock, roughly, times_real_time
from jobs.engines import registry
from jobs.errors import likely_to_help
from jobs.kept_until import kept
from store.session_queries import SessionRecord
from store.settings import settings
from store.states import LOOKS, Look, Status


@dataclass(frozen=True)
class Place:
    """Where a waiting session stands: 1 is next; `wait_sec` is how long until a worker is likely to take it."""

    position: int
    of: int
    wait_sec: float

    @property
    def text(self) -> str:
        """`2nd of 3`."""
        teen = self.position % 100 in {11, 12, 13}
        ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(self.position % 10, "th")
        return f"{self.position}{ending} of {self.of}"


@dataclass(frozen=True)
class SessionView:
    """Everything shown of one session. Durations in seconds; times are UTC."""

    session_id: uuid.UUID
    owner: str
    title: str
    filename: str
    status: Status
    look: Look
    progress: int
    message: str
    cause: str | None  # why it failed or waits to try again, in plain words
    advice: str | None  # whether trying again is likely to help
    error_code: str | None  # the part of the Help page that treats it
    duration_processed: float
    duration_total: float
    audio_text: str  # `12:05 of 1:00:00`
    remaining_sec: float | None
    remaining_text: str | None
    interval_text: str | None
    estimated_completion: datetime | None
    basis: str  # what percentage and estimate rest on: measured, reported, estimated; before the start learned, assumed
    place: Place | None
    priority: str
    attempt: int
    attempts_allowed: int
    next_run_at: datetime | None
    stalled: bool
    overdue: bool
    evidence: str
    recommended: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    updated_ago_sec: float
    processing_sec: float | None
    speed: float | None  # seconds of audio a second of processing
    speed_text: str | None
    language: str
    engine: str
    can_cancel: bool
    can_retry: bool
    can_delete: bool
    audio_deleted_at: datetime | None
    transcript_deleted_at: datetime | None
    audio_kept_until: datetime | None
    transcript_kept_until: datetime | None
    session_kept_until: datetime | None
    retention_text: str | None  # announces what is removed when, and tells what was
    as_of: datetime


def view(
    record: SessionRecord, *, place: Place | None = None, learned: estimate.Expectation | None = None
) -> SessionView:
    """The view of `record` at its own `now`. `place` and `learned` (what a session of its length is expected to take)
    matter while it waits; without them there is no estimate for a waiting session.
    """
    left = _remaining(record, place, learned)
    state = stalled.health(record)
    elapsed = _elapsed_sec(record)
    took = elapsed if record.status is Status.COMPLETED else None
    own_audio = record.duration_total - (record.resumed_sec or 0.0)
    failed, promise = record.status is Status.FAILED, kept(record)
    return SessionView(
        session_id=record.id,
        owner=record.owner,
        title=record.title,
        filename=record.audio_filename,
        status=record.status,
        look=LOOKS[record.status],
        progress=percent_now(record),
        message=_message(record),
        cause=record.error_text,
        advice=likely_to_help(record.error_code) if failed and record.error_code else None,
        error_code=record.error_code,
        duration_processed=record.duration_processed,
        duration_total=record.duration_total,
        audio_text=f"{clock(record.duration_processed)} of {clock(record.duration_total)}",
        remaining_sec=left.sec if left else None,
        remaining_text=about(left.sec) if left else None,
        interval_text=between(left.low_sec, left.high_sec) if left else None,
        estimated_completion=record.now + timedelta(seconds=left.sec) if left else None,
        basis=_basis(record, learned),
        place=place,
        priority=record.priority.word,
        attempt=record.attempt,
        attempts_allowed=settings().max_failures,
        next_run_at=record.next_run_at,
        stalled=state.stalled,
        overdue=state.overdue,
        evidence=state.evidence,
        recommended=state.advice,
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        updated_at=record.updated_at,
        updated_ago_sec=max((record.now - record.updated_at).total_seconds(), 0.0),
        processing_sec=took,
        speed=own_audio / took if took else None,
        speed_text=times_real_time(own_audio, took) if took else None,
        language=record.language,
        engine=record.engine,
        can_cancel=record.status in {Status.PENDING, Status.PROCESSING},
        can_retry=record.status in {Status.FAILED, Status.CANCELLED} and record.audio_deleted_at is None,
        can_delete=record.status is not Status.PROCESSING,
        audio_deleted_at=record.audio_deleted_at,
        transcript_deleted_at=record.transcript_deleted_at,
        audio_kept_until=promise.audio_until,
        transcript_kept_until=promise.transcript_until,
        session_kept_until=promise.session_until,
        retention_text=promise.text,
        as_of=record.now,
    )


def percent_now(record: SessionRecord) -> int:
    """The percentage now: moving while it runs, else what the history's last row says."""
    if record.status is not Status.PROCESSING or record.expected_sec is None:
        return record.progress
    moving = progress.percent(
        processed_sec=record.duration_processed,
        total_sec=record.duration_total,
        elapsed_sec=_elapsed_sec(record) or 0.0,
        expected_sec=record.expected_sec,
        resumed_sec=record.resumed_sec or 0.0,
        reported=_has_moved(record) or not registry.is_remote(record.engine),
    )
    return max(moving, record.progress)


def _elapsed_sec(record: SessionRecord) -> float | None:
    """Since the attempt began: until now while it runs, until its end after."""
    if record.started_at is None or record.status is Status.PENDING:
        return None
    return max(((record.finished_at or record.now) - record.started_at).total_seconds(), 0.0)


def _remaining(
    record: SessionRecord, place: Place | None, learned: estimate.Expectation | None
) -> estimate.Remaining | None:
    if record.status is Status.PROCESSING and record.expected_sec is not None:
        return estimate.remaining(
            estimate.Expectation(record.expected_sec, record.spread or 1.0, learned=record.expected_from == "history"),
            processed_sec=record.duration_processed,
            total_sec=record.duration_total,
            elapsed_sec=_elapsed_sec(record) or 0.0,
            resumed_sec=record.resumed_sec or 0.0,
        )
    if record.status is Status.PENDING and learned is not None:
        own = estimate.expected_before_start(learned, resumed_share=record.duration_processed / record.duration_total)
        wait = place.wait_sec if place else 0.0
        if record.next_run_at is not None:
            wait = max(wait, (record.next_run_at - record.now).total_seconds())
        return estimate.Remaining(own.sec + wait, own.low_sec + wait / 2, own.high_sec + wait * 2)
    return None


def _message(record: SessionRecord) -> str:
    """The history's last line, made current while it waits to try again."""
    if record.status is Status.PENDING and record.next_run_at and record.next_run_at > record.now:
        wait = roughly((record.next_run_at - record.now).total_seconds())
        return f"Trying again in {wait}, attempt {record.failures + 1} of {settings().max_failures}"
    return record.message if record.status is not Status.PENDING else messages.WAITING


def _has_moved(record: SessionRecord) -> bool:
    """Whether this attempt has shown any progress of its own."""
    return record.duration_processed > (record.resumed_sec or 0.0)


def _basis(record: SessionRecord, learned: estimate.Expectation | None) -> str:
    if record.status is Status.PROCESSING:
        if not _has_moved(record):
            return "estimated"
        return "reported" if registry.is_remote(record.engine) else "measured"
    from_history = learned.learned if learned else record.expected_from == "history"
    return "learned" if from_history else "assumed"
