"""What a provider is given: the recording as it is, or FLAC of the parts that it can take."""

import uuid
from collections.abc import Callable

import numpy as np
import pytest

from jobs.media.silences import Chunk
from jobs.remote.audio import grouped
from store.audio import audio_store
from store.settings import settings
from store.states import Status
from tests.instruments.claims import record_of, set_facts
from tests.instruments.desk import beeps, stored
from tests.instruments.provider import Provider
from tests.integration.remote.conftest import look, operations_of

NewSession = Callable[..., uuid.UUID]
AUDIO_SEC = 60.0


@pytest.fixture
def recorded(provider: Provider, new_session: NewSession) -> uuid.UUID:
    session_id = new_session(engine="provider", duration_total=AUDIO_SEC, audio_uri=stored(beeps(AUDIO_SEC)))
    set_facts(session_id, "audio_codec = 'pcm_s16le'")
    return session_id


def stored_uris() -> set[str]:
    return {uri for uri, _ in audio_store().list()}


def test_a_recording_that_the_provider_reads_is_given_as_it_is(provider: Provider, recorded: uuid.UUID) -> None:
    look()
    assert provider.operations[0].uri == record_of(recorded).audio_uri


def test_what_it_does_not_read_is_converted_and_removed_in_the_end(provider: Provider, recorded: uuid.UUID) -> None:
    provider.takes_all = False
    look()
    [operation] = operations_of(recorded)
    assert operation.converted
    assert operation.audio_uri.endswith(".flac")
    assert abs(operation.end_sec - AUDIO_SEC) < 0.1
    assert operation.audio_uri in stored_uris()
    provider.finish()
    look(recorded)
    assert record_of(recorded).status is Status.COMPLETED
    assert stored_uris() == {record_of(recorded).audio_uri}
    assert list(settings().scratch_folder.iterdir()) == []


def test_stereo_without_a_speaker_a_channel_is_mixed(provider: Provider, recorded: uuid.UUID) -> None:
    set_facts(recorded, "audio_channels = 2")
    look()
    assert operations_of(recorded)[0].converted


def test_stereo_with_a_speaker_a_channel_is_given_as_it_is(provider: Provider, recorded: uuid.UUID) -> None:
    set_facts(recorded, "audio_channels = 2, speaker_channels = true")
    look()
    assert provider.operations[0].uri == record_of(recorded).audio_uri


def test_a_longer_recording_is_cut_at_silences_and_comes_together_again(
    provider: Provider, recorded: uuid.UUID
) -> None:
    provider.longest_sec = 25.0
    look()
    operations = operations_of(recorded)
    assert len(operations) >= 3
    assert all(operation.end_sec - operation.start_sec <= 25 for operation in operations)
    assert [operation.start_sec for operation in operations[1:]] == [o.end_sec for o in operations[:-1]]
    provider.finish()
    look(recorded)
    record = record_of(recorded)
    assert record.status is Status.COMPLETED
    assert provider.calls.count("submit") == len(operations)
    assert stored_uris() == {record.audio_uri}


def test_a_worker_that_dies_after_converting_converts_no_second_time(provider: Provider, recorded: uuid.UUID) -> None:
    provider.takes_all = False
    look()
    before = stored_uris()
    set_facts(recorded, "status = 'pending', next_run_at = NULL, claim_no = claim_no + 1")
    look()
    assert stored_uris() == before
    assert provider.calls.count("submit") == 1


def test_chunks_are_joined_as_long_as_they_may_be() -> None:
    chunks = [Chunk(float(start), float(start + 20)) for start in np.arange(0, 200, 20)]
    assert grouped(chunks, 65.0) == [Chunk(0.0, 60.0), Chunk(60.0, 120.0), Chunk(120.0, 180.0), Chunk(180.0, 200.0)]
    assert grouped(chunks, 10.0) == chunks
    assert grouped([], 10.0) == []
