"""One attempt, from the claim to its outcome. This is the only place that decides how an attempt ends."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from jobs import doorbell, messages
from jobs.claim import Claim, claim_next, claim_parked, claim_waiting
from jobs.completion import complete
from jobs.engines import registry
from jobs.engines.protocol import (
    DETECT,
    AudioDone,
    ChunkBegun,
    ChunkDone,
    InProcessEngine,
    LanguageHeard,
    Recogniser,
    Wanted,
)
from jobs.engines.standing import Standing
from jobs.errors import AudioMissing, TranscriptDeskError, classify
from jobs.heartbeat import ClaimLost, Heartbeat, WorkerStopping
from jobs.media.decode import decode
from jobs.media.silences import Chunk, cut, usual_parts
from jobs.outcome import settle_error, settle_stopping
from jobs.patience import patiently
from jobs.remote import attempt as remote
from jobs.speakers.stage import SpeakerStage
from jobs.watchdog import Watchdog
from store import checkpoints, transitions
from store.audio import AudioNotFound, audio_store, on_disk
from store.database import forget_connections, transaction
from store.logs import about_session
from store.settings import settings

GO_ON_SEC = 10.0  # then a new work-horse takes over
stopping = threading.Event()  # set when this process is asked to end: the session is handed back at once
standing = Standing(before_fork=forget_connections)  # this work-horse's recognising processes
log = logging.getLogger(__name__)


def run_next(*, worker: str, job_id: str, on_claim: Callable[[Claim], None]) -> bool:
    """Claim the session whose turn it is and see its attempt through; False when no session was due.

    A look at a remote engine takes a moment, and so does a short recording: then this work-horse goes on with further
    sessions that are due, which saves them a work-horse, its connections and its recognising processes.
    """
    until = time.monotonic() + GO_ON_SEC
    claim = claim_next(worker=worker, job_id=job_id)
    worked = claim is not None
    try:
        while claim is not None:
            with about_session(claim.session_id):
                if claim.elapsed_before_sec == 0:
                    log.info("Starting transcription for session %s", claim.session_id)
                on_claim(claim)
                run(claim)
            claim = _another(claim, job_id, until)
    finally:
        standing.dismiss()
    if not worked:
        log.info("No session is due")
    return worked


def _another(done: Claim, job_id: str, until: float) -> Claim | None:
    """The next session for this work-horse, if there is time and one is due.

    After a look at a remote engine: another session that takes but a moment, a new one after a look and the other way
    round, so that neither hold up the others. After a recording that was recognised here: one for each doorbell that
    waits, while all goes well.
    """
    waiting = partial(claim_waiting, worker=done.worker, job_id=job_id, remote_only=True)
    parked = partial(claim_parked, worker=done.worker, job_id=job_id)
    while time.monotonic() < until and not stopping.is_set():
        if done.remote:
            return waiting() or parked() if done.elapsed_before_sec > 0 else parked() or waiting()
        if not (standing.is_ready and doorbell.answer()):
            return None
        claim = claim_next(worker=done.worker, job_id=job_id)
        if claim is not None:
            return claim
        log.info("No session is due")
    return None


def run(claim: Claim) -> None:
    """See the attempt of this claim through. Whatever happens becomes an outcome; nothing is raised."""
    scratch = settings().scratch_folder / f"{claim.session_id}.{claim.claim_no}.pcm"
    with Watchdog(settings().lease_sec) as watchdog:
        watchdog.feed(claim.claimed_at)  # the lease runs since the claim
        try:
            _transcribe(claim, scratch, watchdog)
        except ClaimLost:
            log.info("Session %s is no longer ours (cancelled or taken over): stopped", claim.session_id)
        except WorkerStopping:
            patiently(lambda: settle_stopping(claim))
        except Exception as error:
            known = classify(error)
            if not isinstance(error, TranscriptDeskError):
                log.exception("Unforeseen error")
            patiently(lambda: settle_error(claim.session_id, claim.claim_no, known, actor=claim.worker))
        finally:
            for left in scratch.parent.glob(f"{scratch.stem}.*"):
                left.unlink(missing_ok=True)


def _transcribe(claim: Claim, scratch: Path, watchdog: Watchdog) -> None:
    if claim.remote:
        with Heartbeat(claim, watchdog, stopping) as heartbeat:
            remote.advance(claim, heartbeat)
        return
    engine = registry.in_process(claim.engine)
    parts = usual_parts(claim.duration_total, engine.lengths)
    processes = min(settings().engine_processes or len(os.sched_getaffinity(0)), parts)
    with (
        standing.recogniser(claim.engine, processes) as recogniser,
        Heartbeat(claim, watchdog, stopping) as heartbeat,
    ):
        speakers = SpeakerStage(claim, scratch)
        chunks = _prepare(claim, scratch, heartbeat, engine, speakers)
        _recognise(claim, recogniser, scratch, chunks, heartbeat, engine, speakers)
        speakers.tell_apart(heartbeat.check)
    complete(claim)


def _prepare(
    claim: Claim, scratch: Path, heartbeat: Heartbeat, engine: InProcessEngine, speakers: SpeakerStage
) -> list[Chunk]:
    """Decode and cut the recording; the chunks that no earlier attempt has finished."""
    scratch.parent.mkdir(parents=True, exist_ok=True)
    try:
        with on_disk(audio_store(), claim.audio_uri, settings().scratch_folder) as recording:
            decoded_sec = decode(
                recording, scratch, levels=speakers.levels_file, on_progress=lambda _: heartbeat.check()
            )
    except AudioNotFound as error:
        raise AudioMissing(detail=str(error)) from error
    chunks = cut(scratch, engine.lengths)
    finished = patiently(lambda: _resume(claim, chunks, decoded_sec))
    if finished is None:
        raise ClaimLost
    done_sec = sum(chunk.audio_sec for chunk in chunks if chunk.start_sec in finished)
    heartbeat.prepared(total_sec=decoded_sec, processed_sec=done_sec)
    if speakers.by_voice and done_sec:
        speakers.recall()
    return [chunk for chunk in chunks if chunk.start_sec not in finished]


def _resume(claim: Claim, chunks: Sequence[Chunk], decoded_sec: float) -> set[float] | None:
    """The starts of the chunks that earlier attempts have finished; None when the claim was lost."""
    with transaction() as db:
        finished = checkpoints.resume(
            db,
            claim.session_id,
            claim.claim_no,
            engine=claim.engine,
            model=claim.model,
            boundaries=[(chunk.start_sec, chunk.end_sec) for chunk in chunks],
            duration_total=decoded_sec,
        )
        entered = finished is not None and transitions.enter_stage(
            db, claim.session_id, claim.claim_no, message=messages.PROCESSING, actor=claim.worker
        )
    return finished if entered else None


def _recognise(
    claim: Claim,
    recogniser: Recogniser,
    scratch: Path,
    chunks: Sequence[Chunk],
    heartbeat: Heartbeat,
    engine: InProcessEngine,
    speakers: SpeakerStage,
) -> None:
    wanted = Wanted(
        language=claim.language,
        detects=not claim.language_known,
        voices=speakers.by_voice,
        known=speakers.known,
    )
    for event in recogniser.recognise(scratch, [*chunks, *speakers.recalled], wanted):
        heartbeat.check()
        match event:
            case LanguageHeard(language):
                if claim.language == DETECT:
                    speakers.language = language
                if not patiently(partial(_note_language, claim, event)):
                    raise ClaimLost
            case ChunkBegun(chunk):
                if not engine.reports_within_chunks:
                    heartbeat.begun(chunk)
            case AudioDone(audio_sec):
                heartbeat.processed_sec += audio_sec
            case ChunkDone(chunk, segments, voices):
                heartbeat.done(chunk)
                speakers.heard(chunk, segments, voices)
                words = [segment.to_json() for segment in segments]
                if chunk.start_sec not in speakers.known and not patiently(partial(_checkpoint, claim, chunk, words)):
                    raise ClaimLost


def _note_language(claim: Claim, heard: LanguageHeard) -> bool:
    """Write the language on the session; False when the claim was lost."""
    if claim.language != DETECT and not heard.certain:
        return True
    with transaction() as db:
        return checkpoints.note_language(db, claim.session_id, claim.claim_no, heard.language, instead_of=DETECT)


def _checkpoint(claim: Claim, chunk: Chunk, segments: list[dict[str, object]]) -> bool:
    with transaction() as db:
        return checkpoints.save(
            db,
            claim.session_id,
            claim.claim_no,
            engine=claim.engine,
            model=claim.model,
            start_sec=chunk.start_sec,
            end_sec=chunk.end_sec,
            segments=segments,
        )
