"""A hundred operations under way at once, and two workers: none of them waits for Google."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import text

from store.database import transaction
from store.states import Status
from tests.google_cloud.__main__ import settings
from tests.google_cloud.fixtures import CloudStorage
from tests.google_cloud.speech_fixtures import SpeechServer
from tests.instruments.claims import record_of
from tests.instruments.desk import Desk, beeps, stored
from tests.instruments.waiting import wait_until

COUNT, WORKERS = 100, 2
AUDIO_SEC = 3.0
NEVER, AT_ONCE = "10000", "0.01"  # seconds that the provider takes for one of audio
WITHIN_SEC = 300.0

pytestmark = pytest.mark.timeout(2 * WITHIN_SEC + 60)


@pytest.fixture
def speech(tmp_path: Path, audio_in_cloud: CloudStorage) -> Iterator[SpeechServer]:
    """A provider that is never done, until it is started again."""
    server = SpeechServer(tmp_path / "operations.sqlite", audio_in_cloud.address, "--pace", NEVER)
    server.start()
    yield server
    server.stop()


def for_google(new_session: Callable[..., uuid.UUID]) -> uuid.UUID:
    """A session whose recording Google takes as it is."""
    session_id = new_session(engine="google", duration_total=AUDIO_SEC, audio_uri=stored(beeps(AUDIO_SEC)))
    with transaction() as db:
        db.execute(text("UPDATE session SET audio_codec = 'pcm_s16le' WHERE id = :id"), {"id": session_id})
    return session_id


def test_a_hundred_operations_are_under_way_at_once_and_all_complete(
    desk: Desk,
    speech: SpeechServer,
    audio_in_cloud: CloudStorage,
    new_session: Callable[..., uuid.UUID],
    record_property: Callable[[str, object], None],
) -> None:
    looks = desk.folder / "looks"
    there = settings(audio_in_cloud.address, speech.address) | {"AUDIO_BUCKET": audio_in_cloud.bucket}
    there |= {"POLL_SEC": "20", "POLL_CAP_SEC": "20", "LEASE_SEC": "30", "LOOKS_FILE": str(looks)}
    desk.start("jobs.reconcile", **there)
    for _ in range(WORKERS):
        desk.start("tests.instruments.timed_worker", **there)
    sessions = [for_google(new_session) for _ in range(COUNT)]

    wait_until(lambda: len(speech.accepted()) == COUNT, WITHIN_SEC, 0.5)
    assert {operation["outcome"] for operation in speech.accepted()} == {"running"}
    speech.kill()
    speech.start("--pace", AT_ONCE)
    wait_until(lambda: all(record_of(one).status is Status.COMPLETED for one in sessions), WITHIN_SEC, 0.5)

    uris = [uri for operation in speech.accepted() for uri in operation["uris"]]
    assert sorted(uris) == sorted(record_of(one).audio_uri for one in sessions), "one operation each"
    seconds = [float(line) for line in looks.read_text().split()]
    figures = f"{len(seconds)} looks of {WORKERS} workers: median {median(seconds):.3f} s, most {max(seconds):.3f} s"
    record_property("looks", figures)
    print(figures)
