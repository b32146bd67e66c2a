"""The API held against its own OpenAPI, with requests that schemathesis makes up: all its checks, and no 5xx.

Seed and number of examples are fixed, so that a run is like the one before; a longer hunt raises EXAMPLES.
"""

import uuid
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import cycle

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings, strategies
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from api.app import api_app
from jobs import retry_cancel
from store import intake
from store.database import transaction
from tests.instruments.claims import claimed, complete, finish_chunk
from tests.instruments.desk import beeps, stored

RECORDING = beeps(0.3)
EXAMPLES = 10
REASONS = {
    "speaker-unknown",
    "name-too-long",
    "empty-file",
    "not-audio",
    "engine-unknown",
    "language-not-supported",
    "bad-cursor",
}
CONFIG = {
    "seed": 7,
    "generation": {"deterministic": True, "database": "none", "max-examples": EXAMPLES},
    # what a schema cannot say is refused with 422 too: see REASONS
    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "304", "404", "409", "416", "422"]}},
}

schemathesis.openapi.format("binary", strategies.one_of(strategies.just(RECORDING), strategies.binary(max_size=200)))
schema = schemathesis.openapi.from_dict(api_app.openapi(), config=SchemathesisConfig.from_dict(CONFIG))


@pytest.fixture
def known_sessions(new_session: Callable[..., uuid.UUID]) -> Iterator[str]:
    """Sessions in four states, over and over."""
    length_sec = len(RECORDING) / 32_000
    completed, running, cancelled, waiting = [
        new_session(audio_uri=stored(RECORDING), duration_total=length_sec) for _ in range(4)
    ]
    claim = claimed()
    assert claim.session_id == completed
    assert finish_chunk(claim)
    assert complete(claim)
    assert claimed().session_id == running
    retry_cancel.cancel(cancelled, actor="coach")
    return cycle(map(str, (completed, running, cancelled, waiting)))


def known_uploads() -> Iterator[str]:
    """Recordings that wait to be started, a new one each time."""
    while True:
        upload_id = uuid.uuid4()
        with transaction() as db:
            intake.keep_upload(
                db,
                intake.Recording(
                    id=upload_id,
                    owner="coach",
                    audio_filename="talk.wav",
                    audio_uri=stored(RECORDING),
                    audio_size_bytes=len(RECORDING),
                    audio_sha256=sha256(RECORDING).hexdigest(),
                    audio_format="WAV, 16 kHz mono",
                    duration_total=len(RECORDING) / 32_000,
                ),
            )
        yield str(upload_id)


@schema.parametrize()
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the sessions serve all examples of a call
def test_each_call_keeps_its_word(case: schemathesis.Case, server: str, known_sessions: Iterator[str]) -> None:
    """Where an id is asked for, it is a known one if what schemathesis made up is an id at all."""
    for name, known in (("session_id", known_sessions), ("upload_id", known_uploads())):
        if is_id(case.path_parameters.get(name)):
            case.path_parameters[name] = next(known)
    response = case.call_and_validate(base_url=f"{server}/api")
    if response.status_code == 422 and case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
        assert response.json()["code"] in REASONS, response.text


def is_id(value: object) -> bool:
    try:
        return bool(uuid.UUID(str(value)))
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("moment", "status"), [("0036-09-23T14:17:23-17:07", 200), ("0001-01-01T00:00:00+14:00", 422), ("9999-12-31", 200)]
)
def test_times_that_only_schemathesis_thought_of(client: httpx.Client, moment: str, status: int) -> None:
    """Offsets that Postgres does not know, and a time before all times."""
    assert client.get("/sessions", params={"since": moment}).status_code == status
