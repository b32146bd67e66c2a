"""The database as the checker reads it: plain rows, by SQL of the suite's own, independent of the product's code."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

import psycopg2

Row = TypeVar("Row")


@dataclass(frozen=True)
class SessionRow:
    id: str
    status: str
    claim_no: int
    attempt: int
    failures: int
    audio_uri: str
    audio_sha256: str
    audio_size_bytes: int
    duration_total: float
    error_code: str | None
    finished_at: datetime | None


@dataclass(frozen=True)
class HistoryRow:
    session_id: str
    status: str
    claim_no: int
    attempt: int
    actor: str
    created_at: datetime


@dataclass(frozen=True)
class AttemptRow:
    session_id: str
    number: int
    claim_no: int
    worker: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    error_code: str | None


@dataclass(frozen=True)
class SegmentRow:
    session_id: str
    position: int
    claim_no: int
    start_sec: float
    end_sec: float
    text: str


@dataclass(frozen=True)
class ChunkRow:
    session_id: str
    start_sec: float
    claim_no: int


@dataclass(frozen=True)
class UploadRow:
    id: str
    audio_sha256: str
    audio_uri: str = ""


@dataclass(frozen=True)
class Transition:
    """A change of status as the trigger saw it."""

    session_id: str
    before: str | None
    after: str
    claim_no: int
    at: datetime


@dataclass(frozen=True)
class Write:
    """A chunk or segment as the trigger saw it: `claim_no` is the writer's, `holder` the session's at that moment."""

    session_id: str
    kind: str
    start_sec: float
    claim_no: int
    holder: int
    status: str
    at: datetime


@dataclass(frozen=True)
class Look:
    """A claim of a session that went on being processed, as the trigger saw it; `parked`: it was due, and nobody's."""

    session_id: str
    before: int
    claim_no: int
    parked: bool


@dataclass(frozen=True)
class OperationRow:
    """What the desk wrote down of an operation of the provider."""

    session_id: str
    audio_uri: str
    converted: bool
    name: str | None
    percent: int | None
    accepted_at: datetime | None
    ended_at: datetime | None
    outcome: str | None


@dataclass(frozen=True)
class Snapshot:
    """All of it, each list in the order in which it was written. `audio` gives a recording's bytes by its URI.

    `work` is what was recognised when, on `cores` cores. `words` is what an undisturbed run of a real engine heard, by
    the `text_of` of the samples; None for the suite's own engine.
    """

    sessions: list[SessionRow] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    segments: list[SegmentRow] = field(default_factory=list)
    chunks: list[ChunkRow] = field(default_factory=list)
    uploads: list[UploadRow] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    operations: list[OperationRow] = field(default_factory=list)
    audio: Callable[[str], bytes | None] = lambda _uri: None
    work: list[dict[str, Any]] = field(default_factory=list)
    cores: int = 0
    words: dict[str, str] | None = None


def by_session(rows: list[Row]) -> dict[str, list[Row]]:
    """The rows of each session, in their order."""
    sorted_out: dict[str, list[Row]] = {}
    for row in rows:
        sorted_out.setdefault(row.session_id, []).append(row)  # type: ignore[attr-defined]
    return sorted_out


def read(database_url: str, audio: Callable[[str], bytes | None]) -> Snapshot:
    """Everything, in one transaction, so that it fits together."""
    connection = psycopg2.connect(database_url)
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection, connection.cursor() as cursor:

            def rows(kind: type[Any], table: str, order: str) -> list[Any]:
                uuids = ("id", "session_id")
                names = [f"{part.name}::text" if part.name in uuids else part.name for part in fields(kind)]
                cursor.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY {order}")
                return [kind(*row) for row in cursor.fetchall()]

            return Snapshot(
                sessions=rows(SessionRow, "session", "created_at"),
                history=rows(HistoryRow, "processing_status", "id"),
                attempts=rows(AttemptRow, "attempt", "session_id, number"),
                segments=rows(SegmentRow, "transcript_segment", "session_id, position"),
                chunks=rows(ChunkRow, "transcript_chunk", "session_id, start_sec"),
                uploads=rows(UploadRow, "upload", "created_at"),
                transitions=rows(Transition, "audit_transition", "id"),
                writes=rows(Write, "audit_write", "id"),
                looks=rows(Look, "audit_look", "id"),
                operations=rows(OperationRow, "remote_operation", "id"),
                audio=audio,
            )
    finally:
        connection.close()
