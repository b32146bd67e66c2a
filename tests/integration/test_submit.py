"""An upload is acknowledged once its row is committed; the same key makes one session, however often it comes."""

import shutil
import threading
import uuid
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs import submit
from jobs.engines import registry
from jobs.errors import EmptyFile, LanguageNotSupported, NotAudio
from jobs.submit import IdempotencyKeyReused, Submission, Wishes
from store import intake
from store.audio import AudioNotFound, StoredAudio, audio_store, object_key
from store.database import transaction
from store.intake import Recording
from store.states import Priority, Status
from tests.instruments.claims import record_of
from tests.instruments.people import coach

OWNER = "anna"
SettingsOf = Callable[..., None]


def stored(data: bytes, name: str = "ben.wav") -> StoredAudio:
    with audio_store().write(object_key(OWNER, uuid.uuid4(), name)) as writer:
        writer.write(data)
        return writer.finish()


def recording(data: bytes = b"sound") -> Recording:
    """A stored recording as `examine` returns it."""
    at = stored(data)
    return Recording(
        uuid.uuid4(), OWNER, "ben 1.wav", at.uri, at.size_bytes, at.sha256, "WAV, 16 kHz mono", duration_total=60.0
    )


def is_stored(uri: str) -> bool:
    try:
        return audio_store().local_path(uri) is not None
    except AudioNotFound:
        return False


def beep(folder: Path, seconds: float) -> bytes:
    with wave.open(str(folder / "beep.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\x00\x10\x00\xf0" * int(seconds * 8000))
    return (folder / "beep.wav").read_bytes()


def test_a_session_is_in_the_queue_as_its_coach_wished(settings_of: SettingsOf) -> None:
    it = recording()
    made = submit.submit(it, Wishes(title=" Ben,\nfirst ", language="en_us", priority="high"))
    assert made == Submission(it.id, None, created=True)
    record = record_of(it.id)
    assert (record.title, record.language, record.priority) == ("Ben, first", "en-US", Priority.HIGH)
    assert (record.status, record.message) == (Status.PENDING, "Waiting in queue")


@pytest.mark.parametrize(("language", "by_default"), [("", True), ("detect", True), ("en", False)])
def test_an_engine_that_cannot_detect_takes_its_first_language(language: str, by_default: bool) -> None:
    it = recording()
    submit.submit(it, Wishes(language=language, speakers="more"))
    record = record_of(it.id)
    assert (record.language, record.language_detected, record.language_heard) == ("en", by_default, None)
    assert record.speakers == "more"


def test_an_engine_that_detects_keeps_the_question_open(monkeypatch: pytest.MonkeyPatch) -> None:
    hears = registry.EngineEntry("nowhere:Nothing", "Ear", ("en", "de"), detects=True)
    monkeypatch.setitem(registry.ENGINES, "ear", hears)
    it = recording()
    submit.submit(it, Wishes(engine="ear"))
    record = record_of(it.id)
    assert (record.language, record.language_detected, record.speakers) == ("detect", False, "two")


def test_without_a_title_it_is_called_as_its_file() -> None:
    it = recording()
    submit.submit(it, Wishes())
    assert record_of(it.id).title == "ben 1"


def test_with_redis_down_the_upload_still_succeeds(settings_of: SettingsOf) -> None:
    settings_of(redis_url="redis://127.0.0.1:1/0")
    it = recording()
    assert submit.submit(it, Wishes()).created
    assert record_of(it.id).status is Status.PENDING


def test_the_same_key_again_is_the_first_session_and_the_second_copy_is_removed() -> None:
    first, again = recording(), recording()
    submit.submit(first, Wishes(), idempotency_key="k1")
    assert submit.submit(again, Wishes(), idempotency_key="k1") == Submission(first.id, None, created=False)
    assert is_stored(first.audio_uri)
    assert not is_stored(again.audio_uri)


def test_the_same_key_for_other_bytes_is_refused() -> None:
    submit.submit(recording(), Wishes(), idempotency_key="k1")
    with pytest.raises(IdempotencyKeyReused):
        submit.submit(other := recording(b"other sound"), Wishes(), idempotency_key="k1")
    assert not is_stored(other.audio_uri)


def test_another_coach_may_use_the_same_key() -> None:
    submit.submit(recording(), Wishes(), idempotency_key="k1")
    theirs = Recording(**{**vars(recording()), "owner": "ben"})
    assert submit.submit(theirs, Wishes(), idempotency_key="k1").created


def test_the_same_key_at_the_same_time_makes_one_session() -> None:
    copies = [recording() for _ in range(4)]
    start = threading.Barrier(len(copies))
    made: list[Submission] = []

    def send(copy: Recording) -> None:
        start.wait()
        made.append(submit.submit(copy, Wishes(), idempotency_key="k1"))

    senders = [threading.Thread(target=send, args=(copy,)) for copy in copies]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert [submission.created for submission in made].count(True) == 1
    [session_id] = {submission.session_id for submission in made}
    assert [copy.id for copy in copies if is_stored(copy.audio_uri)] == [session_id]


def test_the_same_bytes_are_pointed_out_and_accepted() -> None:
    first, again = recording(), recording()
    submit.submit(first, Wishes())
    assert submit.submit(again, Wishes()) == Submission(again.id, first.id, created=True)


def test_a_wish_that_cannot_be_makes_no_session() -> None:
    it = recording()
    with pytest.raises(LanguageNotSupported):
        submit.submit(it, Wishes(language="de"))
    assert submit.prospect(recording()).duplicate_of is None


def test_a_kept_upload_waits_until_it_is_started_and_is_started_once() -> None:
    it = recording()
    prospect = submit.keep(it)
    assert (prospect.expectation.expected_sec, prospect.duplicate_of) == (240.0, None)
    with transaction() as db:
        assert intake.uploads_of(db, OWNER) == [it]
        assert intake.find_upload(db, it.id, owner="ben") is None
    assert submit.start(it.id, coach("ben"), wishes=Wishes()) is None
    assert submit.start(it.id, coach(OWNER), wishes=Wishes()) == Submission(it.id, None)
    assert submit.start(it.id, coach(OWNER), wishes=Wishes()) is None
    assert record_of(it.id).status is Status.PENDING


def test_a_discarded_upload_is_gone_with_its_audio() -> None:
    it = recording()
    submit.keep(it)
    assert submit.discard(it.id, coach(OWNER))
    assert not submit.discard(it.id, coach(OWNER))
    assert not is_stored(it.audio_uri)


def test_a_recording_is_examined_and_named(tmp_path: Path) -> None:
    at = stored(beep(tmp_path, 1.5))
    it = submit.examine(at, session_id=uuid.uuid4(), owner=OWNER, filename="../a\x00🎙.wav")
    assert it.audio_filename == "a🎙.wav"
    assert it.audio_format == "WAV, 16 kHz mono"
    assert it.duration_total == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize(("data", "error"), [(b"", EmptyFile), (b"just text, no sound" * 99, NotAudio)])
def test_what_is_no_recording_is_refused_and_not_kept(data: bytes, error: type[Exception]) -> None:
    at = stored(data)
    with pytest.raises(error):
        submit.examine(at, session_id=uuid.uuid4(), owner=OWNER, filename="x.wav")
    assert not is_stored(at.uri)


def test_a_first_session_that_is_deleted_meanwhile_does_not_swallow_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its key was taken when the row was inserted, and free when the first session was looked for."""
    first, again = recording(), recording()
    submit.submit(first, Wishes(), idempotency_key="k1")
    insert = submit._insert

    def insert_then_lose(*arguments: object) -> bool:
        inserted = insert(*arguments)  # type: ignore[arg-type]  # passed on as they came
        if not inserted:
            with transaction() as db:
                intake.delete_session(db, first.id)
        return inserted

    monkeypatch.setattr(submit, "_insert", insert_then_lose)
    assert submit.submit(again, Wishes(), idempotency_key="k1").created
    assert record_of(again.id).status is Status.PENDING


def test_the_folder_of_recordings_may_be_new(settings_of: SettingsOf, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "audio", ignore_errors=True)
    assert is_stored(recording().audio_uri)
