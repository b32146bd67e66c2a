"""A recording that the product transcribes while its worker is killed again and again."""

import json
import os
import random
import signal
import time
import urllib.request
import uuid
from dataclasses import replace
from pathlib import Path

import psycopg2

from bench.baselines.bare_engine import Spoken
from bench.processes.place import Place, place
from bench.processes.uploading import upload
from tests.instruments.waiting import wait_until

QUICK = {  # to notice a death
    "HEARTBEAT_SEC": "1",
    "LEASE_SEC": "5",
    "RECONCILE_SEC": "0.5",
    "RETRY_BASE_SEC": "0.5",
    "RETRY_CAP_SEC": "2",
    "MAX_FAILURES": "50",
}
WITHIN_SEC, LOOK_SEC = 900.0, 0.1
MAX_FURTHER_CHUNKS = 2  # that are finished between two kills
MAX_WAIT_SEC = 3.0  # within a chunk


def killed_and_resumed(recording: Path, kills: int, chance: random.Random) -> tuple[list[Spoken], int]:
    """The words of the transcript, and how often the worker was really killed before it was there."""
    killed = 0
    with place() as usual:
        here = replace(usual, environment=usual.environment | QUICK)
        with here.dashboard() as web, here.program("jobs.reconcile"):
            session_id = upload(web.port, recording)
            while killed < kills:
                further = chance.randint(1, MAX_FURTHER_CHUNKS)
                with here.program("jobs.worker") as pid:
                    if _ended_before(here, session_id, _finished_chunks(here, session_id) + further):
                        break
                    time.sleep(chance.uniform(0, MAX_WAIT_SEC))
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
            with here.program("jobs.worker"):
                here.completed([session_id], WITHIN_SEC)
            return _words(web.address, session_id), killed


def _ended_before(here: Place, session_id: uuid.UUID, chunks: int) -> bool:
    """Wait for so many chunks; True when the session ends before they are there."""

    def ended() -> bool:
        return bool(_ask(here, "SELECT count(*) FROM session WHERE id = %s AND finished_at IS NOT NULL", session_id))

    wait_until(lambda: ended() or _finished_chunks(here, session_id) >= chunks, WITHIN_SEC, LOOK_SEC)
    return ended()


def _finished_chunks(here: Place, session_id: uuid.UUID) -> int:
    return _ask(here, "SELECT count(*) FROM transcript_chunk WHERE session_id = %s", session_id)


def _ask(here: Place, question: str, session_id: uuid.UUID) -> int:
    with psycopg2.connect(here.environment["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(question, [str(session_id)])
        [(answer,)] = cursor.fetchall()
    connection.close()
    return int(answer)


def _words(address: str, session_id: uuid.UUID) -> list[Spoken]:
    with urllib.request.urlopen(f"{address}/api/v1/sessions/{session_id}/transcript?format=json") as answer:
        segments = json.load(answer)["segments"]
    return [
        Spoken(word["text"], word["start_sec"], word["end_sec"]) for segment in segments for word in segment["words"]
    ]
