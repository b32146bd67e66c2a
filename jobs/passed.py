"""How much audio the engine of a session has passed, from the record alone. Pure."""

from jobs import progress
from store.session_queries import SessionRecord
from store.states import Status


def passed_sec(record: SessionRecord) -> float:
    """The seconds of audio that the engine has passed: estimated within a chunk, else what is processed."""
    if not in_a_chunk(record):
        return record.duration_processed
    usual = (record.expected_sec or 0.0) / record.duration_total
    if has_moved(record):
        since, pace = record.moved_at, record.recent_pace or usual
    else:
        since, pace = record.prepared_at, usual
    return progress.passed_sec(
        processed_sec=record.duration_processed,
        begun_sec=min(record.duration_begun, record.duration_total),
        since_sec=(record.now - since).total_seconds() if since else 0.0,
        pace=pace,
    )


def in_a_chunk(record: SessionRecord) -> bool:
    """Whether a chunk is under way of which the engine tells nothing before it is done."""
    return record.status is Status.PROCESSING and record.duration_begun > record.duration_processed


def has_moved(record: SessionRecord) -> bool:
    """Whether this attempt has shown any progress of its own."""
    return record.duration_processed > (record.resumed_sec or 0.0)
