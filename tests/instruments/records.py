"""Session records with frozen time, for the pure functions that show them."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from store.session_queries import SessionRecord
from store.states import Priority, Status

NOW = datetime(2025, 1, 9, 10, 30, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def waiting(**facts: Any) -> SessionRecord:
    """A session of a 60-minute recording that was uploaded a minute ago."""
    return SessionRecord(**{**_UPLOADED, **facts})


def running(*, elapsed_sec: float = 1800.0, **facts: Any) -> SessionRecord:
    """The worked example: 4 hours expected, and after `elapsed_sec` an eighth of the 60 minutes is done."""
    claimed = {
        "status": Status.PROCESSING,
        "attempt": 1,
        "claim_no": 1,
        "worker": "host-1",
        "transcription_job_id": "job-1",
        "duration_processed": 450.0,
        "created_at": ago(elapsed_sec + 60),
        "started_at": ago(elapsed_sec),
        "heartbeat_at": ago(1),
        "updated_at": ago(1),
        "expected_sec": 14_400.0,
        "expected_from": "default",
        "spread": 4.0,
        "resumed_sec": 0.0,
        "message": "Processing audio...",
    }
    return waiting(**{**claimed, **facts})


def ended(status: Status, **facts: Any) -> SessionRecord:
    """A session that ended now, 920 s after it began."""
    return running(**{"elapsed_sec": 920.0, "status": status, "finished_at": NOW, **facts})


_UPLOADED: dict[str, Any] = {
    "id": uuid.UUID("00000000-0000-4000-8000-000000000001"),
    "owner": "anna",
    "title": "First session with Ben",
    "audio_filename": "ben-1.wav",
    "audio_uri": "local://audio-uploads/anna/1.wav",
    "audio_size_bytes": 115_200_000,
    "audio_sha256": "0" * 64,
    "audio_format": "WAV, 16 kHz mono",
    "audio_codec": "pcm_s16le",
    "audio_channels": 1,
    "speaker_channels": False,
    "duration_total": 3600.0,
    "duration_promised": None,
    "language": "en",
    "language_detected": False,
    "language_heard": None,
    "speakers": "one",
    "engine": "pocketsphinx",
    "priority": Priority.NORMAL,
    "demo": False,
    "status": Status.PENDING,
    "attempt": 0,
    "claim_no": 0,
    "failures": 0,
    "fruitless_deaths": 0,
    "transcription_job_id": None,
    "worker": None,
    "duration_processed": 0.0,
    "duration_begun": 0.0,
    "error_code": None,
    "error_kind": None,
    "error_text": None,
    "created_at": ago(60),
    "updated_at": ago(60),
    "queued_at": ago(60),
    "next_run_at": None,
    "started_at": None,
    "heartbeat_at": None,
    "moved_at": None,
    "recent_pace": None,
    "recent_reports": None,
    "upload_sec": None,
    "prepared_at": None,
    "model": None,
    "speakers_at": None,
    "speakers_outcome": None,
    "finished_at": None,
    "audio_deleted_at": None,
    "transcript_deleted_at": None,
    "expected_sec": None,
    "expected_from": None,
    "spread": None,
    "resumed_sec": None,
    "progress": 0,
    "message": "Waiting in queue",
    "now": NOW,
}
