"""The contract of every audio store. A further backend joins by an entry in `STORES`."""

import hashlib
import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store.audio import AudioNotFound, AudioStore, object_key, on_disk, sweep_copies
from store.audio.local import LocalAudioStore


def local_store(request: pytest.FixtureRequest) -> AudioStore:
    folder: Path = request.getfixturevalue("tmp_path")
    return LocalAudioStore(folder / "store")


def google_store(request: pytest.FixtureRequest) -> AudioStore:
    from store.audio.google import GoogleAudioStore

    return GoogleAudioStore(request.getfixturevalue("cloud_storage").bucket)


STORES: dict[str, Callable[[pytest.FixtureRequest], AudioStore]] = {"local": local_store, "google": google_store}
SOUND = bytes(range(256)) * 4096  # a MiB: more than one block


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> AudioStore:
    return STORES[request.param](request)


def key(name: str = "ben.wav") -> str:
    return object_key("anna", uuid.uuid4(), name)


def put(store: AudioStore, data: bytes = SOUND, at: str | None = None) -> str:
    with store.write(at or key()) as writer:
        for start in range(0, len(data), 100_000):
            writer.write(data[start : start + 100_000])
        return writer.finish().uri


def test_what_is_written_is_verified_and_read_back_the_same(store: AudioStore) -> None:
    with store.write(key()) as writer:
        writer.write(SOUND[:1000])
        writer.write(SOUND[1000:])
        assert writer.size_bytes == len(SOUND)
        stored = writer.finish()
    assert (stored.size_bytes, stored.sha256) == (len(SOUND), hashlib.sha256(SOUND).hexdigest())
    assert b"".join(store.read(stored.uri)) == SOUND


def test_long_recordings_are_read_in_blocks(store: AudioStore) -> None:
    assert max(len(block) for block in store.read(put(store))) < len(SOUND)


@pytest.mark.parametrize(("start", "end"), [(0, 10), (5, None), (300_000, 700_001), (0, 0), (2**21, None), (10, 2**21)])
def test_a_part_is_read_for_a_player_that_jumps(store: AudioStore, start: int, end: int | None) -> None:
    assert b"".join(store.read(put(store), start, end)) == SOUND[start:end]


def test_nothing_is_visible_before_it_is_finished_and_nothing_is_left_of_what_never_was(store: AudioStore) -> None:
    with store.write(at := key()) as writer:
        writer.write(SOUND)
        assert not [uri for uri, _ in store.list() if uri.endswith(at)]
    assert list(store.list()) == []


def test_an_upload_that_breaks_off_leaves_nothing(store: AudioStore) -> None:
    def break_off() -> None:
        with store.write(key()) as writer:
            writer.write(SOUND)
            raise ConnectionError("the browser is gone")

    with pytest.raises(ConnectionError):
        break_off()
    assert list(store.list()) == []


def test_no_recording_replaces_another(store: AudioStore) -> None:
    uri = put(store, b"first", at := key())
    with pytest.raises(OSError, match=r".*"):
        put(store, b"second", at)
    assert b"".join(store.read(uri)) == b"first"


def test_a_recording_is_listed_with_its_time_until_it_is_deleted(store: AudioStore) -> None:
    uri = put(store)
    [(listed, written)] = store.list()
    assert listed == uri
    assert timedelta(0) <= datetime.now(UTC) - written + timedelta(seconds=1) < timedelta(minutes=1)
    store.delete(uri)
    assert list(store.list()) == []
    store.delete(uri)  # gone already: nothing happens


def test_a_recording_that_is_gone_is_named(store: AudioStore) -> None:
    uri = put(store)
    store.delete(uri)
    with pytest.raises(AudioNotFound):
        b"".join(store.read(uri))
    with pytest.raises(AudioNotFound), on_disk(store, uri, Path("nowhere")):
        pass


def test_a_recording_is_a_file_for_as_long_as_it_is_needed(store: AudioStore, tmp_path: Path) -> None:
    uri = put(store)
    with on_disk(store, uri, tmp_path / "scratch") as path:
        assert path.read_bytes() == SOUND
        assert path.suffix == ".wav"
    assert not list((tmp_path / "scratch").glob("*"))
    assert b"".join(store.read(uri)) == SOUND


def test_an_empty_recording_is_one(store: AudioStore) -> None:
    assert b"".join(store.read(put(store, b""))) == b""


FOREIGN = ["s3://bucket/audio-uploads/x.wav", "gs://another-bucket/audio-uploads/x.wav", "audio-uploads/x.wav", ""]


@pytest.mark.parametrize("uri", FOREIGN)
def test_a_recording_of_another_store_is_not_found_here(store: AudioStore, uri: str) -> None:
    with pytest.raises(AudioNotFound):
        store.read(uri)
    with pytest.raises(AudioNotFound):
        store.link(uri, seconds=60, media_type="audio/wav", disposition="inline")
    store.delete(uri)  # not ours to delete: nothing happens


def test_the_check_finds_the_store_well_and_leaves_nothing(store: AudioStore) -> None:
    store.check()
    assert list(store.list()) == []


def test_without_credentials_that_sign_there_is_no_link(store: AudioStore) -> None:
    assert store.link(put(store), seconds=60, media_type="audio/wav", disposition="inline") is None


@pytest.mark.parametrize("uri", ["local://../canary", "local://{canary}", "gs://bucket/x.wav", "{canary}"])
def test_no_uri_leads_out_of_the_local_store(uri: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("alive")
    local = LocalAudioStore(tmp_path / "store")
    uri = uri.format(canary=canary)
    for verb in (local.read, local.local_path):
        with pytest.raises(AudioNotFound):
            verb(uri)
    local.delete(uri)
    assert canary.exists()


@pytest.mark.parametrize(
    ("filename", "suffix"),
    [("x.WAV", ".wav"), ("../../x.m4a", ".m4a"), ("x.sh", ".audio"), ("x", ".audio"), ("x.wav/..", ".audio")],
)
def test_of_a_files_name_only_a_known_ending_is_kept(filename: str, suffix: str) -> None:
    session_id = uuid.uuid4()
    assert object_key("anna", session_id, filename) == f"audio-uploads/anna/{session_id}{suffix}"


class OnlyRemote:
    """A store that has no files of its own, such as a bucket, over a local one."""

    def __init__(self, local: LocalAudioStore) -> None:
        self.read = local.read

    def local_path(self, uri: str) -> None:
        return None


def test_of_a_store_without_files_a_copy_is_made_and_removed(tmp_path: Path) -> None:
    local = LocalAudioStore(tmp_path / "store")
    uri = put(local)
    with on_disk(OnlyRemote(local), uri, tmp_path / "scratch") as path:  # type: ignore[arg-type]  # what it needs
        assert path.read_bytes() == SOUND
    assert list((tmp_path / "scratch").iterdir()) == []


def test_copies_that_a_killed_process_left_are_swept_once_they_are_old(tmp_path: Path) -> None:
    local = LocalAudioStore(tmp_path / "store")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    left, fresh = scratch / "fetched-1.wav", scratch / "fetched-2.wav"
    for path in (left, fresh):
        path.write_bytes(SOUND)
    with on_disk(OnlyRemote(local), put(local), scratch) as in_use:  # type: ignore[arg-type]  # what it needs
        for path in (left, in_use):
            os.utime(path, (time.time() - 7200,) * 2)
        assert sweep_copies(scratch, older_than_sec=3600) == 1
        assert set(scratch.iterdir()) == {fresh, in_use}
    assert sweep_copies(tmp_path / "nowhere", older_than_sec=0) == 0
