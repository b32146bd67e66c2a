"""Memory: a gigabyte uploaded through the API, and a recording of three hours through the engine.

Counted is the proportional set size of a process and all below it, so that what they share counts once, looked at ten
times a second; what counts is the most less what the same processes held before. The three hours are the sample again
and again. All of it is stored, decoded, cut and made a transcript, but an earlier attempt has left finished chunks up
to the last five minutes, which are recognised here: `BENCH_ALL=1` has all three hours recognised.
"""

import json
import os
import re
import struct
import threading
import time
import uuid
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import psycopg2

from bench.figures import Figure, at_most
from bench.processes.place import Place, place
from bench.processes.uploading import upload, upload_blocks
from bench.worlds import recordings
from jobs.engines.phrases import phrases
from jobs.engines.protocol import Word
from jobs.media.decode import decode
from jobs.media.pcm import BYTES_PER_SAMPLE, BYTES_PER_SEC, SAMPLE_RATE
from jobs.media.silences import cut

MEGABYTE = 1_000_000
UPLOAD_BYTES = 1000 * MEGABYTE
BLOCK_BYTES = 960_000  # 5 s of what is uploaded: 48 kHz, stereo, 16 bits
LONG_SEC = 3 * 3600
LOOK_SEC = 0.1
SETTLE_SEC = 3.0  # its fork server goes on importing when the worker is ready
WITHIN_SEC = 3600.0
RECOGNISED_SEC = 300.0


def measure() -> Iterator[Figure]:
    with place() as here:
        yield from _upload(here)
    with place() as here:
        yield from _recognition(here)


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
        with _most(web.process.pid) as most:
            begun = time.monotonic()
            upload_blocks(web.port, "long.wav", recording(), len(header) + UPLOAD_BYTES)
            took_sec = time.monotonic() - begun
    yield at_most("MB by which the web process grows at an upload of 1 GB", (most() - before) / MEGABYTE, 100)
    yield Figure("MB that it holds at most", most() / MEGABYTE)
    yield Figure("MB a second that are uploaded, stored and verified", UPLOAD_BYTES / MEGABYTE / took_sec)


def _recognition(here: Place) -> Iterator[Figure]:
    recording = _long(here.folder / "long.wav")
    with here.dashboard() as web:
        with here.program("jobs.worker") as pid:
            time.sleep(SETTLE_SEC)
            before = held_bytes(pid)
        long = upload(web.port, recording)
        if not os.environ.get("BENCH_ALL"):
            _finish_chunks(here, long, recording)
        with here.program("jobs.worker") as pid:
            begun = time.monotonic()
            with _most(pid) as most:
                here.completed([long], WITHIN_SEC)
            took_sec = time.monotonic() - begun
            short = upload(web.port, recordings.repeated(here.folder / "short.wav", 1))
            with _most(pid) as most_short:
                here.completed([short], WITHIN_SEC)
    hours = LONG_SEC / 3600
    yield at_most(f"MB by which the worker grows at {hours:g} h of audio", (most() - before) / MEGABYTE, 100)
    yield Figure("MB that worker, work-horse and engine hold at most", most() / MEGABYTE)
    yield Figure("MB that they hold at most with 50 s of audio", most_short() / MEGABYTE)
    yield Figure("MB that the worker holds idle, with the model", before / MEGABYTE)
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
def _most(pid: int) -> Iterator[Callable[[], int]]:
    """Look again and again while the block runs; what comes out tells the most that was held."""
    seen, done = [held_bytes(pid)], threading.Event()

    def look() -> None:
        while not done.wait(LOOK_SEC):
            seen.append(held_bytes(pid))

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


def _long(path: Path) -> Path:
    speech = recordings.sound()
    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(BYTES_PER_SAMPLE)
        target.setframerate(SAMPLE_RATE)
        for _ in range(-(-LONG_SEC * BYTES_PER_SEC // len(speech))):
            target.writeframesraw(speech)
    return path


def _finish_chunks(here: Place, session_id: uuid.UUID, recording: Path) -> None:
    """What an attempt leaves that was stopped five minutes before the end; a chunk holds 60 words."""
    pcm = here.folder / "long.pcm"
    total_sec = decode(recording, pcm)
    words = re.findall("[a-z]+", recordings.WORDS.read_text().lower())[:60]
    with psycopg2.connect(here.environment["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        for chunk in cut(pcm):
            if chunk.end_sec > total_sec - RECOGNISED_SEC:
                break
            step_sec = chunk.audio_sec / len(words)
            said = [
                Word(word, chunk.start_sec + i * step_sec, chunk.start_sec + (i + 1) * step_sec, 0.9)
                for i, word in enumerate(words)
            ]
            cursor.execute(
                "INSERT INTO transcript_chunk (session_id, engine, start_sec, end_sec, claim_no, segments)"
                " VALUES (%s, 'pocketsphinx', %s, %s, 0, %s)",
                [
                    str(session_id),
                    chunk.start_sec,
                    chunk.end_sec,
                    json.dumps([segment.to_json() for segment in phrases(said)]),
                ],
            )
    pcm.unlink()
