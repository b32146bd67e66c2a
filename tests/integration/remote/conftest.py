"""Sessions of a provider in memory, and workers that look at them."""

import uuid
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from sqlalchemy import text

from jobs import attempt
from jobs.engines import registry
from store import remote_operations
from store.database import transaction
from store.remote_operations import Operation
from tests.instruments.provider import PROVIDER, Provider


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: object, settings_of: Callable[..., None]) -> Iterator[Provider]:
    settings_of(var_dir=f"{tmp_path}/var")
    monkeypatch.setattr(registry, "ENGINES", {**registry.ENGINES, "provider": PROVIDER})
    registry.engine.cache_clear()
    yield cast(Provider, registry.engine("provider"))
    registry.engine.cache_clear()


@pytest.fixture
def session_id(provider: Provider, new_session: Callable[..., uuid.UUID]) -> uuid.UUID:
    return new_session(engine="provider", duration_total=600.0, audio_uri="gs://bucket/audio-uploads/coach/1.wav")


def make_due() -> None:
    """Whatever waits for its time is due now."""
    with transaction() as db:
        db.execute(text("UPDATE session SET next_run_at = clock_timestamp() WHERE next_run_at IS NOT NULL"))


def look(session_id: uuid.UUID | None = None) -> bool:
    """One job of a worker; with an id, its next look is due now."""
    if session_id is not None:
        make_due()
    return attempt.run_next(worker="host-1", job_id="job-1", on_claim=lambda _: None)


def operations_of(session_id: uuid.UUID) -> list[Operation]:
    with transaction() as db:
        return remote_operations.latest(db, session_id, "provider")


def make_older(session_id: uuid.UUID, seconds: float) -> None:
    """The intents and cancellations of the session lie so much further back."""
    with transaction() as db:
        db.execute(
            text(
                "UPDATE remote_operation SET intended_at = intended_at - make_interval(secs => :s),"
                " cancel_requested_at = cancel_requested_at - make_interval(secs => :s) WHERE session_id = :id"
            ),
            {"s": seconds, "id": session_id},
        )
