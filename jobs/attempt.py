"""One attempt, from the claim to its outcome. This is the only place that decides how an attempt ends."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from jobs import messages
from jobs.claim import Claim, claim_next, claim_parked, claim_waiting
from jobs.completion import complete
from jobs.engines import registry
from jobs.engines.protocol import AudioDone, ChunkDone, Recogniser
from jobs.errors import AudioMissing, TranscriptDeskError, classify
from jobs.heartbeat import ClaimLost, Heartbeat, WorkerStopping
from jobs.media.decode import decode
from jobs.media.silences import Chunk, cut
from jobs.outcome import settle_error, settle_stopping
from jobs.patience import patiently
from jobs.remote import attempt as remote
from jobs.watchdog import Watchdog
from store import checkpoints, transitions
from store.audio import AudioNotFound, audio_store, on_disk
from store.database import forget_connections, transaction
from store.logs import about_session
from store.settings import settings

LOOK_AROUND_SEC = 10.0
stopping = threading.Event()  # set when this process is asked to end: the session is handed back at once
log = logging.getLogger(__name__)


def run_next(*, worker: str, job_id: str, on_claim: Callable[[Claim], None]) -> bool:
    """Claim the session whose turn it is and see its attempt through; False when no session was due.

    A look at a remote engine takes a moment: then other parked sessions that are due are looked at as well, in turns
    with waiting ones that are to be handed to a provider, so that neither hold up the others.
    """
    claim = claim_next(worker=worker, job_id=job_id)
    if claim is None:
        log.info("No session is due")
        return False
    until = time.monotonic() + LOOK_AROUND_SEC
    while claim is not None:
        with about_session(claim.session_id):
            if claim.elapsed_before_sec == 0:
                log.info("Starting transcription for session %s", claim.session_id)
            on_claim(claim)
            run(claim)
        more = claim.remote and time.monotonic() < until and not stopping.is_set()
        claim = _another(claim, job_id) if more else None
    return True


def _another(done: Claim, job_id: str) -> Claim | None:
    """The next session that takes but a moment: a new one after a look and the other way round, if any is due."""
    waiting = partial(claim_waiting, worker=done.worker, job_id=job_id, remote_only=True)
    parked = partial(claim_parked, worker=done.worker, job_id=job_id)
    return waiting() or parked() if done.elapsed_before_sec > 0 else parked() or waiting()


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
            scratch.unlink(missing_ok=True)


def _transcribe(claim: Claim, scratch: Path, watchdog: Watchdog) -> None:
    if claim.remote:
        with Heartbeat(claim, watchdog, stopping) as heartbeat:
            remote.advance(claim, heartbeat)
        return
    engine = registry.in_process(claim.engine)
    forget_connections()  # the recognising processes must not inherit one
    processes = settings().engine_processes or len(os.sched_getaffinity(0))
    with engine.recogniser(processes) as recogniser, Heartbeat(claim, watchdog, stopping) as heartbeat:
        chunks = _prepare(claim, scratch, heartbeat)
        _recognise(claim, recogniser, scratch, chunks, heartbeat)
    complete(claim)


def _prepare(claim: Claim, scratch: Path, heartbeat: Heartbeat) -> list[Chunk]:
    """Decode and cut the recording; the chunks that no earlier attempt has finished."""
    scratch.parent.mkdir(parents=True, exist_ok=True)
    try:
        with on_disk(audio_store(), claim.audio_uri, settings().scratch_folder) as recording:
            decoded_sec = decode(recording, scratch, on_progress=lambda _: heartbeat.check())
    except AudioNotFound as error:
        raise AudioMissing(detail=str(error)) from error
    chunks = cut(scratch)
    finished = patiently(lambda: _resume(claim, chunks, decoded_sec))
    if finished is None:
        raise ClaimLost
    done_sec = sum(chunk.audio_sec for chunk in chunks if chunk.start_sec in finished)
    heartbeat.prepared(total_sec=decoded_sec, processed_sec=done_sec)
    return [chunk for chunk in chunks if chunk.start_sec not in finished]


def _resume(claim: Claim, chunks: Sequence[Chunk], decoded_sec: float) -> set[float] | None:
    """The starts of the chunks that earlier attempts have finished; None when the claim was lost."""
    with transaction() as db:
        finished = checkpoints.resume(
            db,
            claim.session_id,
            claim.claim_no,
            engine=claim.engine,
            boundaries=[(chunk.start_sec, chunk.end_sec) for chunk in chunks],
            duration_total=decoded_sec,
        )
        entered = finished is not None and transitions.enter_stage(
            db, claim.session_id, claim.claim_no, message=messages.PROCESSING, actor=claim.worker
        )
    return finished if entered else None


def _recognise(
    claim: Claim, recogniser: Recogniser, scratch: Path, chunks: Sequence[Chunk], heartbeat: Heartbeat
) -> None:
    for event in recogniser.recognise(scratch, chunks):
        heartbeat.check()
        match event:
            case AudioDone(audio_sec):
                heartbeat.processed_sec += audio_sec
            case ChunkDone(chunk, segments):
                words = [segment.to_json() for segment in segments]
                if not patiently(partial(_checkpoint, claim, chunk, words)):
                    raise ClaimLost


def _checkpoint(claim: Claim, chunk: Chunk, segments: list[dict[str, object]]) -> bool:
    with transaction() as db:
        return checkpoints.save(
            db,
            claim.session_id,
            claim.claim_no,
            engine=claim.engine,
            start_sec=chunk.start_sec,
            end_sec=chunk.end_sec,
            segments=segments,
        )
