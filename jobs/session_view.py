"""What a session looks like now: the one pure function behind every screen and the API (record in, view out)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs import messages, notices, progress, stalled
from jobs.durations import about, ago, between, clock, roughly, times_real_time
from jobs.engines import registry
from jobs.errors import likely_to_help
from jobs.estimate import Expectation, Lately, Remaining, Shown, estimate
from jobs.estimate import waiting as estimate_waiting
from jobs.kept_until import kept
from jobs.lessons import Lessons
from jobs.passed import has_moved, in_a_chunk, passed_sec
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
    duration_passed: float  # estimated within a chunk; else what is processed
    duration_total: float
    notice: str | None  # its end is missing
    notices: list[str]  # all that a reader should know of the recording and its words, that first
    audio_text: str  # `12:05 of 1:00:00`, or `~12:05 of 1:00:00`
    remaining_sec: float | None
    remaining_text: str | None
    interval_text: str | None
    estimated_completion: datetime | None
    ready_from: datetime | None  # 8 times out of 10 it is ready between these two; None: a rough estimate
    ready_to: datetime | None
    similar_sessions: int  # finished ones that the interval rests on
    basis: str  # what percentage and estimate rest on: measured, reported, estimated; before the start learned, assumed
    place: Place | None
    priority: str
    attempt: int
    attempts_allowed: int
    next_run_at: datetime | None
    stalled: bool
    overdue: bool
    overdue_text: str | None  # what it is overdue against, and the last sign of life
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
    language_detected: bool
    speakers: str
    speakers_outcome: str | None  # whether they were told apart
    engine: str
    model: str | None
    draft_text: str | None  # what made the words; None before the first attempt
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


def view(record: SessionRecord, *, place: Place | None = None, lessons: Lessons | None = None) -> SessionView:
    """The view of `record` at its own `now`. `lessons` are those of its engine, without which a waiting session has no
    estimate and a running one no interval; `place` matters while it waits.
    """
    left = left_of(record, place=place, lessons=lessons)
    state = stalled.health(record)
    overdue_text = _overdue_text(record) if left is not None and left.overdue and not state.stalled else None
    elapsed = _elapsed_sec(record)
    took = elapsed if record.status is Status.COMPLETED else None
    own_audio = record.duration_total - (record.resumed_sec or 0.0)
    failed, promise = record.status is Status.FAILED, kept(record)
    passed = passed_sec(record)
    notice = notices.end_missing(record)
    low_sec, high_sec = (left.low_sec, left.high_sec) if left else (None, None)
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
        duration_passed=passed,
        notice=notice,
        notices=notices.of(record),
        audio_text=f"{'~' if in_a_chunk(record) else ''}{clock(passed)} of {clock(record.duration_total)}",
        remaining_sec=left.sec if left else None,
        remaining_text=about(left.sec) if left else None,
        interval_text=None if low_sec is None or high_sec is None else between(low_sec, high_sec),
        estimated_completion=_after(record, left.sec if left else None),
        ready_from=_after(record, low_sec),
        ready_to=_after(record, high_sec),
        similar_sessions=left.sessions if left else 0,
        basis=_basis(record, lessons),
        place=place,
        priority=record.priority.word,
        attempt=record.attempt,
        attempts_allowed=settings().max_failures,
        next_run_at=record.next_run_at,
        stalled=state.stalled,
        overdue=state.overdue or overdue_text is not None,
        overdue_text=overdue_text or (state.evidence if state.overdue else None),
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
        language_detected=record.language_detected and record.language_heard is not None,
        speakers=record.speakers,
        speakers_outcome=record.speakers_outcome,
        engine=record.engine,
        model=record.model or None,
        draft_text=notices.draft_text(record),
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
        processed_sec=passed_sec(record),
        total_sec=record.duration_total,
        elapsed_sec=_elapsed_sec(record) or 0.0,
        expected_sec=record.expected_sec,
        resumed_sec=record.resumed_sec or 0.0,
        reported=has_moved(record) or not registry.is_remote(record.engine),
    )
    return max(moving, record.progress)


def _elapsed_sec(record: SessionRecord) -> float | None:
    """Since the attempt began: until now while it runs, until its end after."""
    if record.started_at is None or record.status is Status.PENDING:
        return None
    return max(((record.finished_at or record.now) - record.started_at).total_seconds(), 0.0)


def left_of(record: SessionRecord, *, place: Place | None = None, lessons: Lessons | None = None) -> Remaining | None:
    """What is left of a session that waits or runs, counted down from its last report; None where nothing is known."""
    known = lessons or Lessons()
    if record.status is Status.PROCESSING and record.expected_sec is not None:
        expected = Expectation(record.expected_sec, record.spread or 1.0, learned=record.expected_from == "history")
        elapsed, since = _elapsed_sec(record) or 0.0, _since_report_sec(record)
        shown = Shown(
            processed_sec=record.duration_processed,
            total_sec=record.duration_total,
            elapsed_sec=elapsed - since,
            resumed_sec=record.resumed_sec or 0.0,
            prepared_sec=_prepared_sec(record),
            lately=_lately(record),
        )
        return estimate(expected, shown, known.calibration, since_sec=since)
    if record.status is Status.PENDING and lessons is not None:
        wait = place.wait_sec if place else 0.0
        if record.next_run_at is not None:
            wait = max(wait, (record.next_run_at - record.now).total_seconds())
        return estimate_waiting(
            lessons.expect(record.duration_total),
            known.calibration,
            wait_sec=wait,
            resumed_share=record.duration_processed / record.duration_total,
        )
    return None


def _since_report_sec(record: SessionRecord) -> float:
    """Since the audio done was last seen to grow in this attempt; since its beginning where it has not."""
    elapsed = _elapsed_sec(record) or 0.0
    if not has_moved(record):
        return elapsed
    moved_at = record.moved_at or record.now
    return min(max((record.now - moved_at).total_seconds(), 0.0), elapsed)


def _prepared_sec(record: SessionRecord) -> float:
    """How long the attempt prepared its audio; 0 where nobody has noted it."""
    if record.prepared_at is None or record.started_at is None:
        return 0.0
    return max((record.prepared_at - record.started_at).total_seconds(), 0.0)


def _lately(record: SessionRecord) -> Lately | None:
    if not record.recent_pace or not record.recent_reports:
        return None
    return Lately(record.recent_pace, record.recent_reports)


def _after(record: SessionRecord, seconds: float | None) -> datetime | None:
    return None if seconds is None else record.now + timedelta(seconds=seconds)


def _overdue_text(record: SessionRecord) -> str:
    since = (record.now - record.heartbeat_at).total_seconds() if record.heartbeat_at else 0.0
    return f"Longer than 9 of 10 similar sessions; last sign of life {ago(since)}."


def _message(record: SessionRecord) -> str:
    """The history's last line, made current while it waits to try again."""
    if record.status is Status.PENDING and record.next_run_at and record.next_run_at > record.now:
        wait = roughly((record.next_run_at - record.now).total_seconds())
        return f"Trying again in {wait}, attempt {record.failures + 1} of {settings().max_failures}"
    return record.message if record.status is not Status.PENDING else messages.WAITING


def _basis(record: SessionRecord, lessons: Lessons | None) -> str:
    if record.status is Status.PROCESSING:
        if not has_moved(record) or in_a_chunk(record):
            return "estimated"
        return "reported" if registry.is_remote(record.engine) else "measured"
    from_history = bool(lessons.finished) if lessons else record.expected_from == "history"
    return "learned" if from_history else "assumed"
