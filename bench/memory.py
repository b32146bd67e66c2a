"""Memory: a gigabyte uploaded through the API, an hour through Whisper, three hours through PocketSphinx, and three
sessions at once.

Counted is the proportional set size of a process and all below it, so that what they share counts once, looked at
several times a second. The long recordings are the sample again and again. All of it is stored, decoded, cut and made a
transcript, but an earlier attempt has left finished chunks up to the last five minutes, which are recognised here
(Whisper hears the voices of all of it): `BENCH_ALL=1` has everything recognised.
"""

import json
import os
import re
import struct
import threading
import time
import uuid
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import psutil
import psycopg2

from bench.figures import Figure, at_least, at_most
from bench.hearing.sizes import count
from bench.processes.place import Place, place
from bench.processes.uploading import upload, upload_blocks
from bench.worlds import recordings
from jobs.engines import registry
from jobs.engines.phrases import phrases
from jobs.engines.protocol import Word
from jobs.media.decode import decode
from jobs.media.pcm import BYTES_PER_SAMPLE, BYTES_PER_SEC, SAMPLE_RATE
from jobs.media.silences import cut

MEGABYTE = 1_000_000
UPLOAD_BYTES = 1000 * MEGABYTE
BLOCK_BYTES = 960_000  # 5 s of what is uploaded: 48 kHz, stereo, 16 bits
WHISPER_SEC, POCKETSPHINX_SEC = 3600, 3 * 3600
AT_ONCE, AT_ONCE_TIMES = 3, 4  # sessions, and the sample so often in each
LOOK_SEC, LOOK_AT_MODELS_SEC = 0.1, 0.5  # a look at a process with a model takes the kernel milliseconds
SETTLE_SEC = 3.0  # its fork server goes on importing when the worker is ready
WITHIN_SEC = 3600.0
RECOGNISED_SEC = 300.0


def measure() -> Iterator[Figure]:
    with place() as here:
        yield from _upload(here)
    with place() as here:
        yield from _whisper(here)
    with place() as here:
        yield from _at_once(here)
    with place() as here:
        yield from _pocketsphinx(here)


def _upload(here: Place) -> Iterator[Figure]:
    small = recordings.repeated(here.folder / "small.wav", 1)
    block = np.random.default_rng(1).integers(-3000, 3000, BLOCK_BYTES // 2).astype("<i2").tobytes()
    header = _header(UPLOAD_BYTES)

    def recording() -> Iterator[bytes]:
        yield header
        for _ in range(UPLOAD_BYTES // BLOCK_BYTES):
            yield block
        yield block[: UPLOAD_BYTES % BLOCK_BYTES]

    with here.dashboard() as web:
        upload(web.port, small)  # what is loaded at the first upload stays
        before = held_bytes(web.process.pid)
        with _most([web.process.pid]) as most:
            begun = time.monotonic()
            upload_blocks(web.port, "long.wav", recording(), len(header) + UPLOAD_BYTES)
            took_sec = time.monotonic() - begun
    yield at_most("MB by which the web process grows at an upload of 1 GB", (most() - before) / MEGABYTE, 100)
    yield Figure("MB that it holds at most", most() / MEGABYTE)
    yield Figure("MB a second that are uploaded, stored and verified", UPLOAD_BYTES / MEGABYTE / took_sec)


def _whisper(here: Place) -> Iterator[Figure]:
    audio_sec = count(WHISPER_SEC, at_least=int(RECOGNISED_SEC))
    recording = _long(here.folder / "long.wav", audio_sec)
    with here.dashboard() as web:
        with here.program("jobs.worker") as pid:
            time.sleep(SETTLE_SEC)
            idle = held_bytes(pid)
        session_id = upload(web.port, recording, engine="whisper", speakers="two")
        if not os.environ.get("BENCH_ALL"):
            _finish_chunks(here, session_id, recording, "whisper")
        with here.program("jobs.worker") as pid, _most([pid], LOOK_AT_MODELS_SEC) as most:
            here.completed([session_id], WITHIN_SEC)
    name = f"MB that the worker's tree holds at most, {audio_sec / 60:.0f} min with Whisper and speakers"
    yield at_most(name, most() / MEGABYTE, 1300)
    yield Figure("MB that the worker holds idle, without a model", idle / MEGABYTE)


def _at_once(here: Place) -> Iterator[Figure]:
    recording = recordings.repeated(here.folder / "recording.wav", AT_ONCE_TIMES)
    with here.dashboard() as web, ExitStack() as running:
        pids = [running.enter_context(here.program("jobs.worker")) for _ in range(AT_ONCE)]
        with _most(pids, LOOK_AT_MODELS_SEC) as most:
            session_ids = [upload(web.port, recording, engine="whisper", speakers="two") for _ in range(AT_ONCE)]
            moving = _moving(here, session_ids)
            here.completed(session_ids, WITHIN_SEC)
    yield at_most(f"MB that the trees of {AT_ONCE} workers hold together, a session each", most() / MEGABYTE, 3000)
    yield at_least(f"sessions of {AT_ONCE} at once that had moved before the first ended", moving, AT_ONCE)


def _moving(here: Place, session_ids: list[uuid.UUID]) -> int:
    """How many have finished chunks when all have, or when the first session ends."""
    names = [str(session_id) for session_id in session_ids]
    chunks = "SELECT count(DISTINCT session_id) FROM transcript_chunk WHERE session_id = ANY(%s::uuid[])"
    ends = "SELECT count(*) FROM session WHERE id = ANY(%s::uuid[]) AND finished_at IS NOT NULL"
    with psycopg2.connect(here.environment["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while True:
            cursor.execute(f"SELECT ({chunks}), ({ends})", [names, names])
            [(moved, ended)] = cursor.fetchall()
            if ended or moved == len(names):
                return int(moved)
            time.sleep(LOOK_AT_MODELS_SEC)


def _pocketsphinx(here: Place) -> Iterator[Figure]:
    recording = _long(here.folder / "long.wav", POCKETSPHINX_SEC)
    with here.dashboard() as web:
        with here.program("jobs.worker", STT_ENGINE="pocketsphinx") as pid:
            time.sleep(SETTLE_SEC)
            before = held_bytes(pid)
        long = upload(web.port, recording, engine="pocketsphinx")
        if not os.environ.get("BENCH_ALL"):
            _finish_chunks(here, long, recording, "pocketsphinx")
        with here.program("jobs.worker", STT_ENGINE="pocketsphinx") as pid:
            begun = time.monotonic()
            with _most([pid]) as most:
                here.completed([long], WITHIN_SEC)
            took_sec = time.monotonic() - begun
    hours = POCKETSPHINX_SEC / 3600
    grown = (most() - before) / MEGABYTE
    yield at_most(f"MB by which the worker grows at {hours:g} h of audio with PocketSphinx", grown, 100)
    yield Figure("MB that worker, work-horse and PocketSphinx hold at most", most() / MEGABYTE)
    yield Figure("MB that the worker holds idle, with PocketSphinx's model", before / MEGABYTE)
    yield Figure("seconds until it is completed", took_sec)


def held_bytes(pid: int) -> int:
    """The proportional set size of the process and all below it; of those that end meanwhile nothing."""
    held = 0
    try:
        family = [process := psutil.Process(pid), *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            held += process.memory_full_info().pss
        except psutil.Error:
            continue
    return held


@contextmanager
def _most(pids: Sequence[int], every_sec: float = LOOK_SEC) -> Iterator[Callable[[], int]]:
    """Look again and again while the block runs; what comes out tells the most that all held together."""

    def held() -> int:
        return sum(held_bytes(pid) for pid in pids)

    seen, done = [held()], threading.Event()

    def look() -> None:
        while not done.wait(every_sec):
            seen.append(held())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield lambda: max(seen)
    finally:
        done.set()
        thread.join()


def _header(size_bytes: int) -> bytes:
    """The beginning of a WAV file of 48 kHz, stereo, 16 bits, with so many bytes of sound."""
    kind = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 48_000, 192_000, 4, 16)
    return b"RIFF" + struct.pack("<I", 36 + size_bytes) + b"WAVE" + kind + b"data" + struct.pack("<I", size_bytes)


def _long(path: Path, audio_sec: float) -> Path:
    speech = recordings.sound()
    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(BYTES_PER_SAMPLE)
        target.setframerate(SAMPLE_RATE)
        for _ in range(-(-round(audio_sec * BYTES_PER_SEC) // len(speech))):
            target.writeframesraw(speech)
    return path


def _finish_chunks(here: Place, session_id: uuid.UUID, recording: Path, engine: str) -> None:
    """What an attempt leaves that was stopped five minutes before the end; a chunk holds 60 words."""
    pcm = here.folder / "long.pcm"
    total_sec = decode(recording, pcm)
    words = re.findall("[a-z]+", recordings.WORDS.read_text().lower())[:60]
    lengths, model = registry.in_process(engine).lengths, registry.engine_model(engine)
    with psycopg2.connect(here.environment["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        for chunk in cut(pcm, lengths):
            if chunk.end_sec > total_sec - RECOGNISED_SEC:
                break
            step_sec = chunk.audio_sec / len(words)
            said = [
                Word(word, chunk.start_sec + i * step_sec, chunk.start_sec + (i + 1) * step_sec, 0.9)
                for i, word in enumerate(words)
            ]
            segments = json.dumps([segment.to_json() for segment in phrases(said)])
            cursor.execute(
                "INSERT INTO transcript_chunk (session_id, engine, model, start_sec, end_sec, claim_no, segments)"
                " VALUES (%s, %s, %s, %s, %s, 0, %s)",
                [str(session_id), engine, model, chunk.start_sec, chunk.end_sec, segments],
            )
    pcm.unlink()
