"""Fixtures of every tier. Integration and end-to-end tests run on the servers of `python -m store.embedded`."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.google_cloud.fixtures import audio_in_cloud, cloud_storage, storage_address

os.environ.setdefault("STT_ENGINE", "pocketsphinx")  # light; what is about another engine names it

hypothesis.settings.register_profile("untimed", deadline=None)  # machines are noisy
hypothesis.settings.load_profile("untimed")

__all__ = ["audio_in_cloud", "cloud_storage", "storage_address"]
UNIT = Path(__file__).parent / "unit"
TABLES = (
    "session, processing_status, attempt, transcript_chunk, transcript_segment, upload, remote_operation, engine_stop,"
    " account, api_token, audit, estimate, statistic, statistic_stale, speaker"
)


@pytest.fixture(scope="session")
def servers() -> None:
    """The migrated database and the queue, as the wrapper exported them."""
    if not os.environ.get("DATABASE_URL") or not os.environ.get("REDIS_URL"):
        pytest.exit("Run the tests with `make test`, or under `python -m store.embedded --fast --`.", returncode=2)
    from alembic import command

    from store.database import engine
    from store.migrations import config

    with engine().connect() as connection:
        alembic = config()
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")
        connection.commit()


@pytest.fixture(autouse=True)
def clean_servers(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Empty tables, an empty queue and an audio folder of this test's own, outside the unit tier."""
    if UNIT in request.path.parents:
        yield
        return
    request.getfixturevalue("servers")
    from sqlalchemy import text

    from jobs import doorbell
    from store import changes
    from store.audio import audio_store
    from store.database import engine, transaction
    from store.settings import settings

    monkeypatch.setenv("AUDIO_DIR", str(tmp_path / "audio"))
    for cached in (settings, audio_store):
        cached.cache_clear()
    with transaction() as db:
        db.execute(text("SET LOCAL statement_timeout = 0"))  # a loaded machine may flush slowly
        db.execute(text("SET LOCAL session_replication_role = replica"))  # audit's trigger refuses it otherwise
        db.execute(text(f"TRUNCATE {TABLES} CASCADE"))
    with doorbell.connection() as redis:
        redis.flushdb()
    changes.tell()
    yield
    engine().dispose()
    for cached in (settings, audio_store):
        cached.cache_clear()


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Set settings for this test: `settings_of(lease_sec=1)`."""
    from store import changes
    from store.settings import settings

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name.upper(), str(value))
        settings.cache_clear()
        changes.tell()

    yield change
    settings.cache_clear()


@pytest.fixture
def new_session() -> Callable[..., uuid.UUID]:
    """Insert a pending session: `new_session(owner="anna", priority="high", duration_total=60)`; its id."""
    from jobs import messages
    from store import intake
    from store.database import transaction
    from store.states import Priority

    def insert(
        *,
        owner: str = "coach",
        priority: str = "normal",
        duration_total: float = 60.0,
        title: str = "Session",
        engine: str = "pocketsphinx",
        audio_uri: str | None = None,
        sha256: str | None = None,
    ) -> uuid.UUID:
        session_id = uuid.uuid4()
        recording = intake.Recording(
            id=session_id,
            owner=owner,
            audio_filename=f"{title}.wav",
            audio_uri=audio_uri or f"local://audio-uploads/{owner}/{session_id}.wav",
            audio_size_bytes=int(duration_total * 32_000),
            audio_sha256=sha256 or session_id.hex * 2,
            audio_format="WAV, 16 kHz mono",
            duration_total=duration_total,
        )
        with transaction() as db:
            intake.insert_session(
                db,
                recording,
                title=title,
                language="en",
                engine=engine,
                priority=Priority.from_word(priority),
                idempotency_key=None,
                message=messages.WAITING,
                actor=owner,
            )
        return session_id

    return insert
