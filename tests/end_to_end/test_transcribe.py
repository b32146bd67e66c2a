"""A real recording becomes a transcript, by the real worker and the real engine."""

import uuid
from collections.abc import Callable
from pathlib import Path

import av
from rq.job import Job
from rq.serializers import JSONSerializer

from jobs import doorbell
from store.database import transaction
from store.states import Status
from store.transcript_queries import lines
from tests.instruments.claims import attempts_of, history_of
from tests.instruments.desk import Desk, stored, wav
from tests.instruments.waiting import wait_until

SAMPLE = Path(__file__).parents[2] / "sample" / "coaching-dialogue.flac"
SPEECH_SEC = 12.0


def speech() -> bytes:
    """The beginning of the sample recording as WAV."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(str(SAMPLE)) as recording:
        samples = b"".join(
            part.to_ndarray().tobytes() for frame in recording.decode(audio=0) for part in resampler.resample(frame)
        )
    return wav(samples[: int(SPEECH_SEC * 32_000)])


def test_a_recording_becomes_a_transcript(desk: Desk, new_session: Callable[..., uuid.UUID]) -> None:
    session_id = new_session(duration_total=SPEECH_SEC, audio_uri=stored(speech()))
    doorbell.ring()
    desk.start("jobs.worker")
    record = desk.until(session_id, Status.COMPLETED, within_sec=90)

    with transaction() as db:
        said = lines(db, session_id)
    logged = desk.logged()
    assert f"[{session_id}] Starting transcription for session {session_id}\n" in logged
    assert f"[{session_id}] Transcription completed: {len(said)} segments\n" in logged
    assert f"[{session_id}] Session {session_id} completed successfully\n" in logged

    written = set((SAMPLE.with_suffix(".txt")).read_text().lower().replace(",", " ").replace(".", " ").split())
    heard = " ".join(line.text for line in said).lower().split()
    assert len(written & set(heard)) >= 5
    assert all(0 <= line.start_sec <= line.end_sec <= SPEECH_SEC for line in said)

    assert [row.message for row in history_of(session_id)] == [
        "Waiting in queue",
        "Preparing audio",
        "Processing audio...",
        "Transcription complete!",
    ]
    assert (record.progress, record.duration_processed) == (100, record.duration_total)
    [attempt] = attempts_of(session_id)
    assert attempt.prepared_at is not None
    assert attempt.job_id == record.transcription_job_id

    with doorbell.connection() as redis:
        job = Job.fetch(record.transcription_job_id or "", connection=redis, serializer=JSONSerializer)
        assert job.meta["session_id"] == str(session_id)
        assert wait_until(lambda: job.get_status(refresh=True).value == "finished")
        assert job.fetch(job.id, connection=redis, serializer=JSONSerializer).meta == {"session_id": str(session_id)}
