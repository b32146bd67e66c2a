"""The engine `google` and Speech-to-Text, over gRPC: what is recognised, and what every kind of failure is called."""

import io
import logging
import os
import wave
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from jobs.engines.google.engine import Google
from jobs.engines.protocol import (
    OperationFailed,
    OperationGone,
    Recognised,
    RemoteAudio,
    Running,
    Segment,
    SubmissionUnknown,
)
from jobs.errors import (
    AudioMissing,
    EngineRefused,
    EngineUnavailable,
    LanguageNotSupported,
    PartialResult,
    ProviderBusy,
    ProviderUnavailable,
    RecognitionFailed,
    RecordingRefused,
)
from store.settings import settings
from tests.faults import recordings
from tests.google_cloud.speech_fixtures import PROJECT, REGION, SpeechServer
from tests.instruments.waiting import wait_until

SLOW = 60.0  # of pace: nothing ends in a test
TIMEOUT_SEC = 0.5
OPERATION = f"projects/{PROJECT}/locations/{REGION}/operations/nobody-knows-it"


@pytest.fixture
def configure(cloud_speech: SpeechServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets settings for this test: `configure(GOOGLE_MODEL="chirp_2")`."""

    def change(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    change(GOOGLE_PROJECT=PROJECT, GOOGLE_REGION=REGION, GOOGLE_SPEECH_ENDPOINT=f"http://{cloud_speech.address}")
    yield change
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def google(configure: Callable[..., None]) -> Iterator[Google]:
    engine = Google()
    engine.preload()
    yield engine
    engine.close()


@pytest.fixture
def put(cloud_speech: SpeechServer) -> Callable[..., RemoteAudio]:
    """A recording in the bucket."""

    def write(content: bytes, audio_sec: float, channels: int = 1, language: str = "en") -> RemoteAudio:
        assert cloud_speech.folder is not None
        path = cloud_speech.folder / "audio" / "one.wav"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return RemoteAudio("gs://audio/one.wav", audio_sec, language, channels, channels == 2)

    return write


@pytest.fixture
def audio(put: Callable[..., RemoteAudio]) -> RemoteAudio:
    content = recordings.make(7, 1)
    return put(content, len(recordings.samples_of(content)) / 32_000)


def wav(sound: np.ndarray) -> bytes:
    """`sound` has one column a channel, 16 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(sound.shape[1])
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(sound.astype("<i2").tobytes())
    return file.getvalue()


def ended(google: Google, name: str, audio: RemoteAudio) -> tuple[Segment, ...]:
    """The segments of an operation that ends well; raises what it ended with."""

    def recognised() -> Recognised | None:
        state = google.poll(name, audio)
        return state if isinstance(state, Recognised) else None

    return wait_until(recognised).segments


def test_a_recording_is_recognised(google: Google, cloud_speech: SpeechServer, audio: RemoteAudio, caplog) -> None:
    with caplog.at_level(logging.INFO, logger="jobs.engines.google.engine"):
        name = google.submit(audio)
    assert "Sending audio to STT provider: gs://audio/one.wav" in caplog.messages
    assert name.startswith(f"projects/{PROJECT}/locations/{REGION}/operations/")
    (segment,) = ended(google, name, audio)
    sound = recordings.samples_of(recordings.make(7, 1))
    assert segment.text == recordings.text_of(sound)
    assert segment.end_sec == pytest.approx(audio.audio_sec, abs=0.01)
    assert segment.confidence == 1.0
    assert len(cloud_speech.accepted()) == 1


def test_each_channel_is_a_speaker(google: Google, put: Callable[..., RemoteAudio]) -> None:
    sound = np.random.default_rng(1).integers(-3000, 3000, (16_000 * 20, 2))
    audio = put(wav(sound), 20.0, channels=2)
    segments = ended(google, google.submit(audio), audio)
    expected = {
        f"Speaker {channel + 1}": recordings.text_of(sound[:, channel].astype("<i2").tobytes()) for channel in (0, 1)
    }
    assert {segment.speaker: segment.text for segment in segments} == expected


def test_progress_is_shown_where_there_is_some(google: Google, cloud_speech: SpeechServer, audio: RemoteAudio) -> None:
    cloud_speech.pace(0.3)
    name = google.submit(audio)
    seen: set[int | None] = set()

    def halfway() -> bool:
        state = google.poll(name, audio)
        if isinstance(state, Running):
            seen.add(state.percent)
        return any(percent is not None and 0 < percent < 100 for percent in seen)

    wait_until(halfway)
    cloud_speech.progress("never")
    assert google.poll(name, audio) == Running(None)
    google.cancel(name)


def test_what_was_cancelled_is_gone(google: Google, cloud_speech: SpeechServer, audio: RemoteAudio) -> None:
    cloud_speech.pace(SLOW)
    name = google.submit(audio)
    google.cancel(name)
    with pytest.raises(OperationGone):
        ended(google, name, audio)
    google.cancel(name)  # again: nothing happens
    google.cancel(OPERATION)


def test_an_operation_that_google_does_not_know_is_gone(google: Google, audio: RemoteAudio) -> None:
    with pytest.raises(OperationGone):
        google.poll(OPERATION, audio)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("INVALID_ARGUMENT", RecordingRefused),
        ("OUT_OF_RANGE", RecordingRefused),
        ("NOT_FOUND", EngineRefused),
        ("PERMISSION_DENIED", EngineRefused),
        ("UNAUTHENTICATED", EngineRefused),
        ("FAILED_PRECONDITION", EngineRefused),
        ("UNIMPLEMENTED", EngineRefused),
        ("RESOURCE_EXHAUSTED", ProviderBusy),
    ],
)
def test_a_refused_submission_is_known_not_to_be_accepted(
    google: Google, cloud_speech: SpeechServer, audio: RemoteAudio, code: str, meaning: type[Exception]
) -> None:
    cloud_speech.fault(method="BatchRecognize", code=code)
    with pytest.raises(meaning):
        google.submit(audio)
    assert cloud_speech.accepted() == []
    assert google.find(audio.uri, ()) is None


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "ABORTED", "CANCELLED", "DATA_LOSS"])
@pytest.mark.parametrize("accepted", [False, True])
def test_a_submission_without_a_clear_answer_is_sent_once_and_searched_for(
    google: Google, cloud_speech: SpeechServer, audio: RemoteAudio, code: str, accepted: bool
) -> None:
    cloud_speech.pace(SLOW)
    known = google.submit(audio)
    cloud_speech.fault(method="BatchRecognize", code=code, accept=accepted)
    with pytest.raises(SubmissionUnknown):
        google.submit(audio)
    assert cloud_speech.calls()["BatchRecognize"] == 2
    found = google.find(audio.uri, {known})
    assert (found is not None) is accepted
    assert found != known


def test_a_submission_that_hangs_is_unknown_after_the_time_limit(
    google: Google, cloud_speech: SpeechServer, audio: RemoteAudio, configure: Callable[..., None]
) -> None:
    configure(GOOGLE_TIMEOUT_SEC=str(TIMEOUT_SEC))
    cloud_speech.pace(SLOW)
    cloud_speech.fault(method="BatchRecognize", hang_sec=2 * TIMEOUT_SEC, accept=True)
    with pytest.raises(SubmissionUnknown):
        google.submit(audio)
    assert wait_until(lambda: google.find(audio.uri, ()))


def test_the_newest_operation_of_many_pages_is_found(
    google: Google, cloud_speech: SpeechServer, audio: RemoteAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.engines.google.client.PAGE_SIZE", 2)
    cloud_speech.pace(SLOW)
    names = [google.submit(audio) for _ in range(5)]
    assert google.find(audio.uri, ()) == names[-1]
    assert google.find(audio.uri, names[2:]) == names[1]
    assert google.find(audio.uri, names) is None
    assert google.find("gs://audio/other.wav", ()) is None


@pytest.mark.parametrize("method", ["GetOperation", "ListOperations", "CancelOperation"])
def test_a_call_that_may_come_twice_is_tried_again(
    google: Google, cloud_speech: SpeechServer, audio: RemoteAudio, method: str
) -> None:
    cloud_speech.pace(SLOW)
    name = google.submit(audio)
    cloud_speech.fault(method=method, code="UNAVAILABLE", times=1)
    google.poll(name, audio)
    assert google.find(audio.uri, ()) == name
    google.cancel(name)
    assert cloud_speech.calls()[method] == 2


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("UNAVAILABLE", ProviderUnavailable),
        ("INTERNAL", ProviderUnavailable),
        ("DEADLINE_EXCEEDED", ProviderUnavailable),
        ("RESOURCE_EXHAUSTED", ProviderBusy),
        ("PERMISSION_DENIED", EngineRefused),
        ("UNAUTHENTICATED", EngineRefused),
    ],
)
def test_a_poll_that_fails_says_why(
    google: Google,
    cloud_speech: SpeechServer,
    audio: RemoteAudio,
    configure: Callable[..., None],
    code: str,
    meaning: type[Exception],
) -> None:
    name = google.submit(audio)
    configure(GOOGLE_TIMEOUT_SEC=str(TIMEOUT_SEC))
    cloud_speech.fault(method="GetOperation", code=code, times=1000)
    with pytest.raises(meaning):
        google.poll(name, audio)
    cloud_speech.clear_faults()
    assert ended(google, name, audio)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("INTERNAL", RecognitionFailed),
        ("UNAVAILABLE", RecognitionFailed),
        ("RESOURCE_EXHAUSTED", ProviderBusy),
        ("INVALID_ARGUMENT", RecordingRefused),
        ("PERMISSION_DENIED", EngineRefused),
        ("NOT_FOUND", AudioMissing),
    ],
)
@pytest.mark.parametrize("of", ["operation_error", "file_error"])
def test_an_operation_that_fails_says_why(
    google: Google, cloud_speech: SpeechServer, audio: RemoteAudio, of: str, code: str, meaning: type[Exception]
) -> None:
    cloud_speech.fault(**{of: code})
    with pytest.raises(OperationFailed) as failed:
        ended(google, google.submit(audio), audio)
    assert type(failed.value.error) is meaning


def test_an_operation_that_google_forgot_is_gone(
    google: Google, cloud_speech: SpeechServer, audio: RemoteAudio
) -> None:
    cloud_speech.fault(lose_operation=True)
    name = google.submit(audio)
    with pytest.raises(OperationGone):
        google.poll(name, audio)


def test_audio_that_is_not_there_is_missing(google: Google, audio: RemoteAudio) -> None:
    gone = RemoteAudio("gs://audio/nothing.wav", 10.0, "en", 1, False)
    with pytest.raises(OperationFailed) as failed:
        ended(google, google.submit(gone), gone)
    assert type(failed.value.error) is AudioMissing


def test_half_of_the_words_are_not_taken(
    google: Google, cloud_speech: SpeechServer, put: Callable[..., RemoteAudio]
) -> None:
    audio = put(wav(np.random.default_rng(2).integers(-3000, 3000, (16_000 * 60, 1))), 60.0)
    cloud_speech.fault(truncated=True)
    with pytest.raises(OperationFailed) as failed:
        ended(google, google.submit(audio), audio)
    assert type(failed.value.error) is PartialResult
    assert ended(google, google.submit(audio), audio)


def test_a_model_that_there_is_not_is_for_operations(
    google: Google, audio: RemoteAudio, configure: Callable[..., None]
) -> None:
    configure(GOOGLE_MODEL="nonesuch")
    with pytest.raises(EngineRefused) as met:
        google.submit(audio)
    assert "nonesuch" in (met.value.detail or "")


def test_a_language_that_is_not_listed_is_not_sent(
    google: Google, cloud_speech: SpeechServer, put: Callable[..., RemoteAudio]
) -> None:
    with pytest.raises(LanguageNotSupported):
        google.submit(put(recordings.make(7, 1), 10.0, language="sv"))
    assert "BatchRecognize" not in cloud_speech.calls()


def test_a_provider_that_is_away_is_unavailable(
    google: Google, audio: RemoteAudio, configure: Callable[..., None]
) -> None:
    configure(GOOGLE_SPEECH_ENDPOINT="http://127.0.0.1:1", GOOGLE_TIMEOUT_SEC=str(TIMEOUT_SEC))
    for call in (
        lambda: google.poll(OPERATION, audio),
        lambda: google.find(audio.uri, ()),
        lambda: google.cancel(OPERATION),
    ):
        with pytest.raises(ProviderUnavailable):
            call()
    with pytest.raises(SubmissionUnknown):
        google.submit(audio)


def test_without_a_project_there_is_no_engine(google: Google, configure: Callable[..., None]) -> None:
    configure(GOOGLE_PROJECT="")
    with pytest.raises(EngineUnavailable) as met:
        google.preload()
    assert "GOOGLE_PROJECT" in (met.value.detail or "")


def test_a_forked_process_makes_a_connection_of_its_own(google: Google, audio: RemoteAudio) -> None:
    name = google.submit(audio)  # this process has a connection now
    child = os.fork()
    if not child:
        try:
            ended(google, name, audio)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ended(google, name, audio)
