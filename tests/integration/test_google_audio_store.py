"""Recordings in a bucket, beyond the contract: what the network and the store may do wrong, with the real client."""

import os
import resource
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError

from jobs.errors import StorageRefused, StorageUnavailable, classify
from store.audio import AudioNotFound, AudioStoreRefused, object_key
from store.audio.google import GoogleAudioStore
from store.audio.google_client import Clients, Patience, reaching
from store.audio.google_upload import PIECE_BYTES
from tests.google_cloud.fixtures import DROPPED_ANSWERS, CloudStorage, start_storage, stop_storage
from tests.google_cloud.storage_server import LARGEST_PAGE

pytestmark = DROPPED_ANSWERS
SOUND = bytes(range(256)) * 4096
LONG = SOUND * 20  # three pieces
CALM = Patience(silence_sec=10, first_wait_sec=0.01)  # a loaded machine may answer late
HASTE = Patience(silence_sec=1, first_wait_sec=0.01)  # for those that meet a store that hangs
MEBIBYTE = 1024 * 1024
Fault = dict[str, Any]


@pytest.fixture
def store(cloud_storage: CloudStorage) -> GoogleAudioStore:
    return GoogleAudioStore(cloud_storage.bucket, CALM)


@pytest.fixture
def hasty(cloud_storage: CloudStorage) -> GoogleAudioStore:
    return GoogleAudioStore(cloud_storage.bucket, HASTE)


def key() -> str:
    return object_key("anna", uuid.uuid4(), "ben.wav")


def put(store: GoogleAudioStore, data: bytes = SOUND, at: str | None = None) -> str:
    with store.write(at or key()) as writer:
        for start in range(0, len(data), MEBIBYTE):
            writer.write(data[start : start + MEBIBYTE])
        return writer.finish().uri


def content(store: GoogleAudioStore, uri: str) -> bytes:
    return b"".join(store.read(uri))


def test_the_uri_is_as_operations_know_it(store: GoogleAudioStore, cloud_storage: CloudStorage) -> None:
    session_id = uuid.uuid4()
    uri = put(store, at=object_key("anna", session_id, "Ben.MP3"))
    assert uri == f"gs://{cloud_storage.bucket}/audio-uploads/anna/{session_id}.mp3"


@pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES])
def test_recordings_around_the_size_of_a_piece(store: GoogleAudioStore, cloud_storage: CloudStorage, size: int) -> None:
    data = os.urandom(size)
    assert content(store, put(store, data)) == data
    assert cloud_storage.open_uploads() == []


LOST = [
    {"on": "start", "status": 503, "times": 2},
    {"on": "piece", "status": 503, "times": 2},
    {"on": "piece", "status": 503, "after": True},
    {"on": "piece", "keep_bytes": 256 * 1024},
    {"on": "piece", "keep_bytes": 0},
    {"on": "piece", "hang_sec": 1.5, "after": True},
    {"on": "finish", "status": 502, "times": 2},
    {"on": "finish", "status": 500, "after": True},
    {"on": "finish", "status": 412, "after": True},  # the library's own try was heard, and this is its second
    {"on": "finish", "status": 408, "after": True},
    {"on": "finish", "hang_sec": 1.5, "after": True},
    {"on": "finish", "keep_bytes": 1000},
]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: "-".join(str(value) for value in fault.values()))
def test_what_is_lost_on_the_way_costs_nothing(
    hasty: GoogleAudioStore, cloud_storage: CloudStorage, fault: Fault
) -> None:
    cloud_storage.fault(**fault)
    assert content(hasty, put(hasty, LONG)) == LONG
    assert cloud_storage.open_uploads() == []


def test_an_answer_that_is_never_heard_is_looked_up(cloud_storage: CloudStorage) -> None:
    store = GoogleAudioStore(cloud_storage.bucket, Patience(silence_sec=10, retry_sec=3, first_wait_sec=0.01))
    with store.write(key()) as writer:
        writer.write(SOUND)
        cloud_storage.fault(on="finish", status=503, after=True)
        cloud_storage.fault(on="status", status=503, times=10_000)
        stored = writer.finish()
    assert content(store, stored.uri) == SOUND


@pytest.mark.parametrize("on", ["piece", "finish"])
def test_an_upload_that_the_store_gives_up_leaves_nothing(
    store: GoogleAudioStore, cloud_storage: CloudStorage, on: str
) -> None:
    cloud_storage.fault(on=on, status=410)
    with pytest.raises(OSError, match="ended by the store") as refusal:
        put(store, LONG)
    assert type(classify(refusal.value)) is StorageUnavailable
    assert (cloud_storage.names(), cloud_storage.open_uploads()) == ([], [])


def test_what_was_stored_otherwise_than_sent_is_refused_and_removed(
    store: GoogleAudioStore, cloud_storage: CloudStorage
) -> None:
    cloud_storage.fault(on="finish", truncate=True)
    with pytest.raises(OSError, match="not stored as it was sent"):
        put(store)
    assert cloud_storage.names() == []


def test_another_recording_is_neither_replaced_nor_removed_nor_taken_for_ours(
    store: GoogleAudioStore, cloud_storage: CloudStorage
) -> None:
    with store.write(at := key()) as writer:
        writer.write(SOUND)
        cloud_storage.put(at, content=SOUND)  # somebody else, in between: the very same bytes
        with pytest.raises(FileExistsError):
            writer.finish()
    assert cloud_storage.names() == [at]
    assert cloud_storage.open_uploads() == []


def test_an_upload_that_is_left_is_cancelled_at_the_store(store: GoogleAudioStore, cloud_storage: CloudStorage) -> None:
    with store.write(key()) as writer:
        writer.write(LONG)
        assert len(cloud_storage.open_uploads()) == 1
    assert (cloud_storage.names(), cloud_storage.open_uploads()) == ([], [])


def test_a_store_that_is_away_while_an_upload_is_left_does_not_hide_why_it_was(
    hasty: GoogleAudioStore, cloud_storage: CloudStorage, caplog: pytest.LogCaptureFixture
) -> None:
    def break_off() -> None:
        with hasty.write(key()) as writer:
            writer.write(LONG)
            cloud_storage.fault(on="cancel", hang_sec=1.5)
            raise ConnectionError("the browser is gone")

    with pytest.raises(ConnectionError, match="browser"):
        break_off()
    assert "may be left for the reconciler" in caplog.text


def test_only_our_prefix_is_listed_read_or_deleted(store: GoogleAudioStore, cloud_storage: CloudStorage) -> None:
    cloud_storage.put("notes.txt")
    cloud_storage.put("audio-uploads-old/x.wav")
    uri = put(store)
    assert [listed for listed, _ in store.list()] == [uri]
    for foreign in (f"gs://{cloud_storage.bucket}/notes.txt", f"gs://{cloud_storage.bucket}/audio-uploads-old/x.wav"):
        store.delete(foreign)
        with pytest.raises(AudioNotFound):
            store.read(foreign)
    assert {"notes.txt", "audio-uploads-old/x.wav"} < set(cloud_storage.names())


def test_more_recordings_than_a_page_holds_are_listed(store: GoogleAudioStore, cloud_storage: CloudStorage) -> None:
    names = {f"audio-uploads/anna/{number:04}.wav" for number in range(2 * LARGEST_PAGE + 1)}
    cloud_storage.put(*names)
    assert {uri.removeprefix(f"gs://{cloud_storage.bucket}/") for uri, _ in store.list()} == names


def test_reading_stays_with_the_recording_it_began_with(store: GoogleAudioStore, cloud_storage: CloudStorage) -> None:
    uri = put(store, SOUND * 4, at := key())
    blocks = store.read(uri)
    first = next(blocks)
    assert first == SOUND[: len(first)]
    store.delete(uri)
    put(store, bytes(len(SOUND) * 4), at)
    with pytest.raises(AudioNotFound):
        list(blocks)


@pytest.mark.parametrize("fault", [{"status": 503, "times": 2}, {"status": 429}, {"hang_sec": 1.5}])
@pytest.mark.parametrize("on", ["read", "media"])
def test_reading_survives_a_store_that_stumbles(
    hasty: GoogleAudioStore, cloud_storage: CloudStorage, on: str, fault: Fault
) -> None:
    uri = put(hasty)
    cloud_storage.fault(on=on, **fault)
    assert content(hasty, uri) == SOUND


def test_deleting_whose_answer_was_lost_is_done(store: GoogleAudioStore, cloud_storage: CloudStorage) -> None:
    uri = put(store)
    cloud_storage.fault(on="delete", status=503, after=True)
    store.delete(uri)
    assert cloud_storage.names() == []


VERBS: dict[str, Callable[[GoogleAudioStore, str], object]] = {
    "write": lambda store, _: put(store),
    "read": lambda store, uri: content(store, uri),
    "delete": lambda store, uri: store.delete(uri),
    "list": lambda store, _: list(store.list()),
    "check": lambda store, _: store.check(),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_are_refused_are_for_operations(
    store: GoogleAudioStore, cloud_storage: CloudStorage, verb: str, status: int
) -> None:
    uri = put(store)
    cloud_storage.fault(status=status, times=10_000)
    with pytest.raises(AudioStoreRefused, match=cloud_storage.bucket) as refusal:
        VERBS[verb](store, uri)
    assert type(classify(refusal.value)) is StorageRefused


@pytest.mark.parametrize("verb", VERBS)
def test_a_bucket_that_is_missing_is_for_operations_and_no_recording_is_gone(
    cloud_storage: CloudStorage, verb: str
) -> None:
    with pytest.raises(AudioStoreRefused, match="does not exist"):
        VERBS[verb](GoogleAudioStore("no-such-bucket", CALM), "gs://no-such-bucket/audio-uploads/anna/x.wav")


@pytest.mark.parametrize("verb", VERBS)
def test_a_store_that_is_away_may_come_back(
    store: GoogleAudioStore, monkeypatch: pytest.MonkeyPatch, cloud_storage: CloudStorage, verb: str
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    away = GoogleAudioStore(cloud_storage.bucket, Patience(1, 1, retry_sec=0.1, first_wait_sec=0.01))
    with pytest.raises(OSError, match="cannot be reached") as failure:
        VERBS[verb](away, f"gs://{cloud_storage.bucket}/audio-uploads/anna/x.wav")
    assert type(classify(failure.value)) is StorageUnavailable


@pytest.mark.parametrize(
    ("met", "refused"),
    [
        (DefaultCredentialsError("Your default credentials were not found."), True),
        (RefreshError("invalid_grant: the key was revoked"), True),
        (RefreshError("try later", retryable=True), False),
        (TransportError("no route"), False),
    ],
)
def test_credentials_are_told_from_the_network(met: Exception, refused: bool) -> None:
    with pytest.raises(OSError, match="bucket") as failure, reaching("The bucket x"):
        raise met
    assert isinstance(failure.value, AudioStoreRefused) is refused


def test_a_key_file_that_is_missing_is_for_operations(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cloud_storage: CloudStorage
) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nowhere.json"))
    with pytest.raises(AudioStoreRefused, match="no valid credentials"):
        GoogleAudioStore("desk-recordings", HASTE).check()


def test_a_check_that_gets_no_answer_soon_is_not_repeated(store: GoogleAudioStore, cloud_storage: CloudStorage) -> None:
    cloud_storage.fault(on="check", status=503)
    with pytest.raises(OSError, match="cannot be reached"):
        store.check()
    store.check()


def test_recordings_survive_a_restart_of_the_storage_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud_storage: CloudStorage
) -> None:
    process, address = start_storage(tmp_path)
    try:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        own = CloudStorage(address, "desk-own")
        own.make()
        store = GoogleAudioStore(own.bucket, CALM)
        uri = put(store)
        with store.write(key()) as writer:
            writer.write(LONG)
            stop_storage(process)
            process, _ = start_storage(tmp_path, int(address.rpartition(":")[2]))
            stored = writer.finish()  # goes on where it stood
        assert (content(store, uri), content(store, stored.uri)) == (SOUND, LONG)
    finally:
        stop_storage(process)


def test_a_forked_child_makes_a_client_of_its_own(cloud_storage: CloudStorage) -> None:
    clients = Clients()
    own = clients.client()
    assert clients.client() is own
    child = os.fork()
    if child == 0:
        os._exit(0 if clients.client() is not own else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@contextmanager
def grows_by_less_than(most_bytes: int) -> Iterator[None]:
    """The peak of this process's memory, in the block."""
    before = _peak_bytes()
    yield
    assert _peak_bytes() - before < most_bytes


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_memory_stays_flat_over_a_hundred_megabytes(store: GoogleAudioStore) -> None:
    put(store, LONG)  # what is loaded once is not counted
    with grows_by_less_than(60 * MEBIBYTE):
        with store.write(key()) as writer:
            for _ in range(100):
                writer.write(SOUND)
            stored = writer.finish()
        assert sum(len(block) for block in store.read(stored.uri)) == 100 * MEBIBYTE
