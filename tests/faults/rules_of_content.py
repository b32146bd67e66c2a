"""Nothing is lost, nothing is there twice: uploads, their bytes, and their transcripts."""

import hashlib
import wave
from collections import Counter
from collections.abc import Iterator

from tests.faults.journal import Journal
from tests.faults.recordings import expected_text, samples_of, text_of
from tests.faults.snapshot import SegmentRow, SessionRow, Snapshot, by_session

Found = Iterator[tuple[str, str]]


def lost(snapshot: Snapshot, journal: Journal) -> Found:
    """Acknowledged uploads that are gone or changed, and completed sessions without their whole, right text."""
    sessions = {session.id: session for session in snapshot.sessions}
    waiting = {upload.id for upload in snapshot.uploads}
    for upload in journal.uploads:
        told = upload.told_id or upload.stored_id
        if told is None:
            continue
        session = sessions.get(told)
        if session is None:
            if upload.told_id or told not in waiting:
                yield told, f"upload {upload.number} was acknowledged, and there is no such session"
        elif (session.audio_sha256, session.audio_size_bytes) != (upload.sha256, upload.size_bytes):
            yield told, f"the session of upload {upload.number} names other bytes"
    segments = by_session(snapshot.segments)
    for session in snapshot.sessions:
        recording = snapshot.audio(session.audio_uri)
        if recording is None:
            yield session.id, "its audio is not there"
        elif hashlib.sha256(recording).hexdigest() != session.audio_sha256:
            yield session.id, "its audio has changed"
        elif session.status == "completed":
            yield from _text(session, segments.get(session.id, []), recording, snapshot.words)


def _text(session: SessionRow, segments: list[SegmentRow], recording: bytes, words: dict[str, str] | None) -> Found:
    """The segments have to cover the recording without gap or overlap, each with the text of its samples.

    Of a real engine they have to be the `words` that it heard undisturbed.
    """
    try:
        sound = samples_of(recording)
    except wave.Error:
        yield session.id, "its audio is no recording"
        return
    if words is not None:
        heard = " ".join(segment.text for segment in segments)
        if heard != words[text_of(sound)]:
            yield session.id, f"its words are not those of an undisturbed run: {heard[:200]!r}"
        return
    reached = 0.0
    for segment in segments:
        if segment.start_sec != reached:
            yield session.id, f"its transcript has a gap or an overlap at {reached:.2f} s"
        if segment.text != expected_text(sound, segment.start_sec, segment.end_sec):
            yield session.id, f"its text from {segment.start_sec:.2f} s on belongs to another recording"
        reached = segment.end_sec
    if abs(reached - session.duration_total) > 1e-6:
        yield session.id, f"its transcript ends at {reached:.2f} of {session.duration_total:.2f} s"


def duplicated(snapshot: Snapshot) -> Found:
    """Recordings that became two sessions, and transcripts that are there twice or are another claim's."""
    for sha256, count in Counter(session.audio_sha256 for session in snapshot.sessions).items():
        if count > 1:
            yield sha256[:12], f"one recording, sent with one Idempotency-Key, became {count} sessions"
    completions = Counter(row.session_id for row in snapshot.transitions if row.after == "completed")
    segments = by_session(snapshot.segments)
    for session in snapshot.sessions:
        if completions[session.id] > 1:
            yield session.id, f"it was completed {completions[session.id]} times"
        ours = segments.get(session.id, [])
        claims = {segment.claim_no for segment in ours}
        if claims - {session.claim_no}:
            yield session.id, f"its transcript is of claim {sorted(claims)}, the session's is {session.claim_no}"
        if [segment.position for segment in ours] != list(range(len(ours))):
            yield session.id, "its segments are not numbered one by one"
        if ours and session.status != "completed":
            yield session.id, f"it has a transcript and is {session.status}"
