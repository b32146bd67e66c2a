"""The tables. Invariants that a statement could break are CHECKs here, so that no bug of ours can store nonsense."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CLOCK = func.clock_timestamp()
TOOK = "EXTRACT(epoch FROM finished_at - started_at)::double precision"
# what history can be ordered by; each has an index for all finished sessions and one for those of a coach
ORDERED = ("created_at", "finished_at", "title_folded", "duration_total", "processing_sec", "speed")


def _of_completed(value: str) -> str:
    return f"CASE WHEN status = 'completed' THEN {value} END"


def _order_index(column: str, scope: tuple[str, ...]) -> Index:
    """`created_at` comes along, so that a range of days is looked at in the index alone."""
    return Index(
        f"session_by_{'own_' if scope else ''}{column}",
        *scope,
        "status",
        "engine",
        column,
        "id",
        postgresql_where=text("finished_at IS NOT NULL"),
        postgresql_include=[] if column == "created_at" else ["created_at"],
    )


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012  declared by SQLAlchemy as a plain class attribute
        str: Text,
        float: Double,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class CoachingSession(Base):
    """One uploaded recording and the facts of its life. Times of the current or last attempt; seconds of audio."""

    __tablename__ = "session"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    owner: Mapped[str]
    title: Mapped[str]
    audio_filename: Mapped[str]  # as the coach's computer called it: shown, never used as a path
    audio_uri: Mapped[str] = mapped_column(unique=True)
    audio_size_bytes: Mapped[int] = mapped_column(BigInteger)
    audio_sha256: Mapped[str]
    audio_format: Mapped[str]
    audio_codec: Mapped[str] = mapped_column(server_default="")  # FFmpeg's name; empty: not known
    audio_channels: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    speaker_channels: Mapped[bool] = mapped_column(server_default=text("false"))  # stereo, one speaker a channel
    duration_promised: Mapped[float | None]  # by its header: longer when its end was cut off
    duration_total: Mapped[float]
    upload_sec: Mapped[float | None]  # how long it took to arrive
    language: Mapped[str]  # a tag; `detect` until the engine has heard which one is spoken
    language_detected: Mapped[bool] = mapped_column(server_default=text("false"))  # not chosen
    language_heard: Mapped[str | None]  # what the engine hears, whatever was chosen
    speakers: Mapped[str] = mapped_column(server_default="one")  # how many speak, as the coach says: one, two or more
    engine: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    idempotency_key: Mapped[str | None]
    demo: Mapped[bool] = mapped_column(server_default=text("false"))

    status: Mapped[str] = mapped_column(server_default="pending")
    attempt: Mapped[int] = mapped_column(Integer, server_default="0")
    claim_no: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    fruitless_deaths: Mapped[int] = mapped_column(Integer, server_default="0")  # in a row, no chunk finished between
    transcription_job_id: Mapped[str | None]
    worker: Mapped[str | None]
    duration_processed: Mapped[float] = mapped_column(server_default="0")
    duration_resumed: Mapped[float] = mapped_column(server_default="0")  # audio that earlier attempts had finished
    duration_begun: Mapped[float] = mapped_column(server_default="0")  # what is done once the chunk under way is
    error_code: Mapped[str | None]
    error_kind: Mapped[str | None]
    error_text: Mapped[str | None]

    created_at: Mapped[datetime] = mapped_column(server_default=CLOCK)
    updated_at: Mapped[datetime] = mapped_column(server_default=CLOCK)
    queued_at: Mapped[datetime] = mapped_column(server_default=CLOCK)  # since when it waits: its place in the order
    next_run_at: Mapped[datetime | None]  # pending: not before this; processing: parked until then, no worker holds it
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    moved_at: Mapped[datetime | None]  # when `duration_processed` last grew: estimates count down from there
    recent_pace: Mapped[float | None]  # seconds of processing a second of audio, of the running attempt lately
    recent_reports: Mapped[float | None]  # how many reports that rests on
    finished_at: Mapped[datetime | None]
    audio_deleted_at: Mapped[datetime | None]  # not to be kept longer
    transcript_deleted_at: Mapped[datetime | None]

    # what history is ordered by and looked for; columns, since row-level security keeps functions away from indexes
    title_folded: Mapped[str] = mapped_column(Computed("lower(title)", persisted=True))
    search_text: Mapped[str] = mapped_column(Computed("lower(title || chr(10) || audio_filename)", persisted=True))
    processing_sec: Mapped[float | None] = mapped_column(Computed(_of_completed(TOOK), persisted=True))
    speed: Mapped[float | None] = mapped_column(  # seconds of audio a second of processing, of the last attempt
        Computed(_of_completed(f"(duration_total - duration_resumed) / NULLIF({TOOK}, 0)"), persisted=True)
    )

    __table_args__ = (
        CheckConstraint(
            "status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')", name="session_status"
        ),
        CheckConstraint(
            "(finished_at IS NOT NULL) = (status IN ('completed', 'failed', 'cancelled'))", name="session_finished"
        ),
        CheckConstraint(
            "status <> 'processing' OR (started_at IS NOT NULL AND heartbeat_at IS NOT NULL)", name="session_claimed"
        ),
        CheckConstraint("priority BETWEEN 0 AND 2", name="session_priority"),
        CheckConstraint("speakers IN ('one', 'two', 'more')", name="session_speakers"),
        CheckConstraint("duration_total > 0 AND duration_processed >= 0", name="session_durations"),
        CheckConstraint("audio_size_bytes > 0", name="session_size"),
        CheckConstraint("status IN ('pending', 'processing') OR next_run_at IS NULL", name="session_next_run"),
        Index("session_waiting", text("priority DESC"), "queued_at", postgresql_where=text("status = 'pending'")),
        Index("session_running", "started_at", postgresql_where=text("status = 'processing'")),
        Index("session_under_way", "owner", "created_at", "id", postgresql_where=text("finished_at IS NULL")),
        Index(
            "session_parked",
            "next_run_at",
            postgresql_where=text("status = 'processing' AND next_run_at IS NOT NULL"),
        ),
        Index("session_created", "created_at", "id"),
        Index("session_of_owner", "owner", "created_at", "id"),
        Index("session_finished_order", "finished_at", "id", postgresql_where=text("finished_at IS NOT NULL")),
        Index(
            "session_with_audio",
            "finished_at",
            postgresql_where=text("finished_at IS NOT NULL AND audio_deleted_at IS NULL"),
        ),
        Index(
            "session_with_words",
            "finished_at",
            postgresql_where=text("finished_at IS NOT NULL AND transcript_deleted_at IS NULL"),
        ),
        *(_order_index(column, scope) for column in ORDERED for scope in ((), ("owner",))),
        Index(
            "session_search",
            text("search_entries(search_text, created_at, finished_at)"),
            postgresql_using="gin",
            postgresql_where=text("finished_at IS NOT NULL"),
        ),
        Index("session_last_served", "owner", "started_at"),
        Index("session_same_bytes", "owner", "audio_sha256"),
        Index("session_idempotency", "owner", "idempotency_key", unique=True),
    )


class ProcessingStatus(Base):
    """The history that a coach and ops read: a row for every transition and stage; the last one moves with the work."""

    __tablename__ = "processing_status"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"))
    status: Mapped[str]
    progress: Mapped[int] = mapped_column(SmallInteger)
    message: Mapped[str]
    detail: Mapped[str | None]  # the cause or the reason, in plain words
    actor: Mapped[str]  # who or what did it: a person, a worker, the reconciler
    attempt: Mapped[int]
    claim_no: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(server_default=CLOCK)
    updated_at: Mapped[datetime] = mapped_column(server_default=CLOCK)

    __table_args__ = (
        CheckConstraint(
            "status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')", name="history_status"
        ),
        CheckConstraint("progress BETWEEN 0 AND 100", name="history_progress"),
        CheckConstraint("(progress = 100) = (status = 'completed')", name="history_hundred"),
        Index("processing_status_session_id", "session_id", text("id DESC")),
        Index("processing_status_updated_at", "updated_at"),
    )


class Attempt(Base):
    """One try at transcribing a session. `outcome` is null while it runs."""

    __tablename__ = "attempt"

    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    claim_no: Mapped[int] = mapped_column(BigInteger)
    engine: Mapped[str]
    worker: Mapped[str]
    job_id: Mapped[str | None]
    started_by: Mapped[str]  # upload, retry by whom, or the automatic retry
    expected_sec: Mapped[float]  # frozen at the claim, so that a bar never jumps because others finished
    expected_from: Mapped[str]  # 'default' or 'history'
    model: Mapped[str] = mapped_column(server_default="")  # of an engine that has several
    at_once: Mapped[int] = mapped_column(server_default="1")  # sessions that ran on the engine when it was claimed
    spread: Mapped[float]  # how far finished sessions lay from that expectation: a ratio of at least 1
    resumed_sec: Mapped[float] = mapped_column(server_default="0")  # audio that earlier attempts had finished
    processed_sec: Mapped[float] = mapped_column(server_default="0")
    queued_at: Mapped[datetime]
    started_at: Mapped[datetime] = mapped_column(server_default=CLOCK)
    prepared_at: Mapped[datetime | None]  # the audio was decoded and cut
    speakers_at: Mapped[datetime | None]  # all words were there: telling the speakers apart began
    speakers_outcome: Mapped[str | None]  # channels or voices: told apart; one: a single voice; unsure; failed
    recognised_at: Mapped[datetime | None]  # saving began
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]  # completed, failed, cancelled, retried (an error) or lost (the worker died)
    error_code: Mapped[str | None]
    error_text: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("(finished_at IS NULL) = (outcome IS NULL)", name="attempt_finished"),
        CheckConstraint("outcome IN ('completed', 'failed', 'cancelled', 'retried', 'lost')", name="attempt_outcome"),
        CheckConstraint("expected_sec > 0 AND spread >= 1", name="attempt_expectation"),
        CheckConstraint(
            "speakers_outcome IN ('channels', 'voices', 'one', 'unsure', 'failed')", name="attempt_speakers_outcome"
        ),
        Index("attempt_errors", "finished_at", postgresql_where=text("error_code IS NOT NULL")),
    )


class Estimate(Base):
    """What was shown of a session's time at submission (attempt 0) or a fraction of audio; seconds from `made_at`."""

    __tablename__ = "estimate"

    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    fraction: Mapped[float] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(server_default=CLOCK)
    raw_sec: Mapped[float]  # before the interval drew it in: what intervals are learned from
    estimated_sec: Mapped[float]
    low_sec: Mapped[float | None]
    high_sec: Mapped[float | None]
    sessions: Mapped[int]  # finished ones that it rested on

    __table_args__ = (CheckConstraint("raw_sec > 0 AND estimated_sec > 0", name="estimate_seconds"),)


class TranscriptChunk(Base):
    """The checkpoint of one finished chunk: a later attempt goes on after it, and its words are on screen at once."""

    __tablename__ = "transcript_chunk"

    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    engine: Mapped[str] = mapped_column(primary_key=True)
    start_sec: Mapped[float] = mapped_column(primary_key=True)
    end_sec: Mapped[float]
    claim_no: Mapped[int] = mapped_column(BigInteger)
    model: Mapped[str] = mapped_column(server_default="")  # of an engine that has several
    segments: Mapped[list[dict[str, Any]]]
    created_at: Mapped[datetime] = mapped_column(server_default=CLOCK)


class TranscriptSegment(Base):
    """A stretch of the finished transcript, written in the transaction that completes the session."""

    __tablename__ = "transcript_segment"

    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    claim_no: Mapped[int] = mapped_column(BigInteger)
    start_sec: Mapped[float]
    end_sec: Mapped[float]
    speaker: Mapped[str | None]
    confidence: Mapped[float | None]
    text: Mapped[str]
    words: Mapped[list[dict[str, Any]]]

    __table_args__ = (CheckConstraint("start_sec >= 0 AND end_sec >= start_sec", name="segment_times"),)


class Speaker(Base):
    """What a coach calls a speaker. `label` is what the segments say (`Speaker 1`); without a row that is shown."""

    __tablename__ = "speaker"

    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]

    __table_args__ = (CheckConstraint("length(name) BETWEEN 1 AND 80", name="speaker_name"),)


class Upload(Base):
    """A recording that is stored and probed but not queued yet: the coach is looking at what to expect."""

    __tablename__ = "upload"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # becomes the session's id
    owner: Mapped[str]
    audio_filename: Mapped[str]
    audio_uri: Mapped[str] = mapped_column(unique=True)
    audio_size_bytes: Mapped[int] = mapped_column(BigInteger)
    audio_sha256: Mapped[str]
    audio_format: Mapped[str]
    audio_codec: Mapped[str] = mapped_column(server_default="")
    audio_channels: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    speaker_channels: Mapped[bool] = mapped_column(server_default=text("false"))
    duration_promised: Mapped[float | None]
    duration_total: Mapped[float]
    upload_sec: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(server_default=CLOCK)

    __table_args__ = (Index("upload_created_at", "created_at"),)
