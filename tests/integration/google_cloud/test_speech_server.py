"""The suite's Speech-to-Text behaves as Google's does, seen through the real client."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.speech_v2 import BatchRecognizeRequest, BatchRecognizeResponse, SpeakerDiarizationConfig
from google.cloud.speech_v2.types import RecognitionFeatures
from google.longrunning import operations_pb2

from tests.faults import recordings
from tests.google_cloud.speech_calls import PARENT, TIMEOUT_SEC, Caller, metadata, percentages, request, stereo
from tests.google_cloud.speech_fixtures import SpeechServer
from tests.instruments.waiting import wait_until

SAMPLE = Path(__file__).resolve().parents[3] / "sample" / "coaching-dialogue.flac"
SLOW = 60.0  # of pace: nothing ends in a test
RECORDING = recordings.make(7, 1)
BOTH = RecognitionFeatures.MultiChannelMode.SEPARATE_RECOGNITION_PER_CHANNEL


def response(operation: operations_pb2.Operation) -> BatchRecognizeResponse:
    assert operation.WhichOneof("result") == "response"
    return BatchRecognizeResponse.deserialize(operation.response.value)


def texts(answered: BatchRecognizeResponse, uri: str) -> list[tuple[int, str]]:
    """Channel and text of each result of a file."""
    return [
        (result.channel_tag, result.alternatives[0].transcript)
        for result in answered.results[uri].inline_result.transcript.results
    ]


def text_of(sound: bytes) -> str:
    return recordings.text_of(sound)


@pytest.fixture
def audio(speech: Caller) -> str:
    """An object that is there."""
    return speech.put("visit.wav", RECORDING)


def test_a_file_is_recognised(speech: Caller, cloud_speech: SpeechServer, audio: str) -> None:
    operation = speech.submit(audio, enable_word_time_offsets=True)
    begun = metadata(operation.operation)
    ended = speech.ended(operation)
    answered = response(ended)

    sound = recordings.samples_of(RECORDING)
    audio_sec = len(sound) / 32_000
    assert operation.operation.name.startswith(f"{PARENT}/operations/")
    assert (begun.method, begun.resource) == (
        "google.cloud.speech.v2.Speech.BatchRecognize",
        f"{PARENT}/recognizers/_",
    )
    assert [file.uri for file in begun.batch_recognize_request.files] == [audio]
    assert metadata(ended).update_time >= metadata(ended).create_time == begun.create_time
    assert texts(answered, audio) == [(0, text_of(sound))]
    result = answered.results[audio].inline_result.transcript.results[0]
    assert result.language_code == "en-US"
    assert result.result_end_offset.total_seconds() == pytest.approx(audio_sec, abs=1e-3)
    assert result.alternatives[0].words[0].end_offset == result.result_end_offset
    assert audio_sec <= answered.total_billed_duration.total_seconds() < audio_sec + 1
    assert answered.results[audio].metadata.total_billed_duration == answered.total_billed_duration
    accepted = cloud_speech.accepted()
    assert [(each["uris"], each["outcome"], each["billed"]) for each in accepted] == [([audio], "done", True)]
    assert accepted[0]["accepted_at"] < accepted[0]["ended_at"]
    assert cloud_speech.calls()["BatchRecognize"] == 1


def test_words_are_given_to_who_asks_for_them(speech: Caller, audio: str) -> None:
    [result] = response(speech.ended(speech.submit(audio))).results[audio].inline_result.transcript.results
    assert not result.alternatives[0].words


def test_each_channel_is_recognised_by_itself(speech: Caller) -> None:
    content = stereo(RECORDING, recordings.make(7, 2))
    uri = speech.put("stereo.wav", content)
    answered = response(speech.ended(speech.submit(uri, multi_channel_mode=BOTH)))
    sound = recordings.samples_of(content)
    sides = [b"".join(sound[at : at + 2] for at in range(side, len(sound), 4)) for side in (0, 2)]
    assert texts(answered, uri) == [(1, text_of(sides[0])), (2, text_of(sides[1]))]
    seconds = len(sides[0]) / 32_000
    assert answered.total_billed_duration.total_seconds() == 2 * -(-seconds // 1)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., SpeechServer]]:
    """A server of this test's own, given its options; it ends with the test."""
    servers = []

    def start(*options: str) -> SpeechServer:
        server = SpeechServer(tmp_path / "state", tmp_path, *options)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


def test_speech_is_understood_with_speakers_and_times(own_server: Callable[..., SpeechServer]) -> None:
    sphinx = Caller(own_server("--recogniser", "pocketsphinx"))
    uri = sphinx.put("talk.flac", SAMPLE.read_bytes())
    operation = sphinx.submit(
        uri,
        enable_word_time_offsets=True,
        enable_word_confidence=True,
        enable_automatic_punctuation=True,
        diarization_config=SpeakerDiarizationConfig(min_speaker_count=2, max_speaker_count=2),
    )
    shown = percentages(sphinx, operation)
    results = response(sphinx.ended(operation)).results[uri].inline_result.transcript.results

    assert shown == sorted(shown)
    assert len(shown) > 3
    spoken = [result.alternatives[0] for result in results if result.alternatives]
    words = [word for alternative in spoken for word in alternative.words]
    assert "what would you like to talk about" in spoken[0].transcript
    assert all(alternative.transcript.endswith(".") for alternative in spoken)
    assert [word.word for word in words] == " ".join(each.transcript for each in spoken).split()
    assert {word.speaker_label for word in words} == {"1", "2"}
    assert all(word.start_offset < word.end_offset and 0 <= word.confidence <= 1 for word in words)
    assert [word.start_offset for word in words] == sorted(word.start_offset for word in words)
    sphinx.close()


def wrong(**changes: Any) -> Callable[[str], BatchRecognizeRequest]:
    """A request with a field of its config changed."""

    def make(uri: str) -> BatchRecognizeRequest:
        made = request(uri)
        for name, value in changes.items():
            setattr(made.config, name, value)
        return made

    return make


def elsewhere(recognizer: str) -> Callable[[str], BatchRecognizeRequest]:
    def make(uri: str) -> BatchRecognizeRequest:
        made = request(uri)
        made.recognizer = recognizer
        return made

    return make


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda _: request(), exceptions.InvalidArgument, "At least one audio file"),
        (lambda uri: request(uri, uri + "2"), exceptions.InvalidArgument, "Inline response"),
        (lambda _: request("https://host/visit.wav"), exceptions.InvalidArgument, "Cloud Storage URI"),
        (wrong(auto_decoding_config=None), exceptions.InvalidArgument, "decoding_config"),
        (wrong(model="listens-well"), exceptions.InvalidArgument, "does not exist in the location"),
        (wrong(language_codes=[]), exceptions.InvalidArgument, "language code"),
        (wrong(language_codes=["english"]), exceptions.InvalidArgument, "not supported by the model"),
        (elsewhere("recognizers/_"), exceptions.InvalidArgument, "resource name"),
        (
            elsewhere(f"{PARENT}/recognizers/_".replace("/eu/", "/global/")),
            exceptions.InvalidArgument,
            "Expected resource location to be eu, but found global",
        ),
        (elsewhere("projects/other/locations/eu/recognizers/_"), exceptions.PermissionDenied, "other"),
        (elsewhere(f"{PARENT}/recognizers/mine"), exceptions.NotFound, "mine"),
    ],
)
def test_a_request_that_google_would_refuse(
    speech: Caller, cloud_speech: SpeechServer, audio: str, make: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        speech.client.batch_recognize(make(audio), timeout=TIMEOUT_SEC)
    assert cloud_speech.accepted() == []


def test_what_a_file_overrides(speech: Caller, audio: str) -> None:
    made = request(audio)
    made.config.model = "listens-well"
    made.files[0].config.model = "short"
    made.files[0].config.auto_decoding_config = {}
    operation = speech.client.batch_recognize(made, timeout=TIMEOUT_SEC)
    assert texts(response(speech.ended(operation)), audio)


@pytest.mark.parametrize(
    ("content", "code"), [(None, exceptions.NotFound), (b"ffconcat version 1.0", exceptions.InvalidArgument)]
)
def test_a_file_that_cannot_be_read_is_an_error_of_its_own(
    speech: Caller, cloud_speech: SpeechServer, content: bytes | None, code: type[exceptions.GoogleAPICallError]
) -> None:
    uri = speech.put("odd.wav", content) if content else "gs://audio/missing.wav"
    ended = speech.ended(speech.submit(uri))
    answered = response(ended)
    assert answered.results[uri].error.code == code.grpc_status_code.value[0]
    assert not answered.results[uri].inline_result.transcript.results
    assert not answered.total_billed_duration
    assert metadata(ended).batch_recognize_metadata.transcription_metadata[uri].error.code
    assert [(each["outcome"], each["billed"]) for each in cloud_speech.accepted()] == [("done", False)]


def test_results_into_a_bucket(speech: Caller, cloud_speech: SpeechServer, audio: str) -> None:
    second = speech.put("second.wav", recordings.make(7, 2))
    made = request(audio, second)
    made.recognition_output_config = {"gcs_output_config": {"uri": "gs://results/here"}}
    operation = speech.client.batch_recognize(made, timeout=TIMEOUT_SEC)
    answered = response(speech.ended(operation))
    stored = answered.results[second].cloud_storage_result.uri
    assert stored.startswith("gs://results/here/second_transcript_")
    assert cloud_speech.folder is not None
    written = (cloud_speech.folder / stored.removeprefix("gs://")).read_text()
    assert text_of(recordings.samples_of(recordings.make(7, 2))) in written


def test_operations_are_listed_in_pages_and_found_by_their_file(speech: Caller, cloud_speech: SpeechServer) -> None:
    uris = [speech.put(f"{number}.wav", RECORDING) for number in range(5)]
    names = [speech.submit(uri).operation.name for uri in uris]
    assert speech.names() == names[::-1]
    listed = operations_pb2.ListOperationsRequest(name=PARENT, page_size=2, filter="anything")
    pages = []
    while not pages or listed.page_token:
        answer = speech.client.list_operations(listed, timeout=TIMEOUT_SEC)
        pages.append([each.name for each in answer.operations])
        listed.page_token = answer.next_page_token
    assert pages == [names[4:2:-1], names[2:0:-1], names[:1]]
    found = [
        each.name
        for each in speech.pages()
        if any(file.uri == uris[3] for file in metadata(each).batch_recognize_request.files)
    ]
    assert found == [names[3]]


def test_cancelled_operations_end_and_deleted_ones_are_gone(
    speech: Caller, cloud_speech: SpeechServer, audio: str
) -> None:
    cloud_speech.pace(SLOW)
    operation = speech.submit(audio)
    name = operation.operation.name
    speech.cancel(name)
    ended = speech.get(name)
    assert (ended.done, ended.error.code) == (True, 1)
    speech.cancel(name)  # nothing more happens
    with pytest.raises(exceptions.Cancelled):
        operation.result(timeout=TIMEOUT_SEC)
    assert [(each["outcome"], each["billed"]) for each in cloud_speech.accepted()] == [("cancelled", False)]

    speech.client.transport.operations_client.delete_operation(name, retry=None, timeout=TIMEOUT_SEC)
    assert speech.names() == []
    for ask in (speech.get, speech.cancel):
        with pytest.raises(exceptions.NotFound):
            ask(name)
    assert [each["deleted"] for each in cloud_speech.accepted()] == [True]


def test_what_a_doctor_asks_and_what_is_not_there(speech: Caller) -> None:
    assert speech.client.get_config(name=f"{PARENT}/config", timeout=TIMEOUT_SEC).name == f"{PARENT}/config"
    assert list(speech.client.list_recognizers(parent=PARENT, timeout=TIMEOUT_SEC)) == []
    with pytest.raises(exceptions.MethodNotImplemented):
        speech.client.recognize(recognizer=f"{PARENT}/recognizers/_", timeout=TIMEOUT_SEC)


@pytest.mark.parametrize("mode", ["steady", "never", "jump", "stuck", "backwards"])
def test_progress(speech: Caller, cloud_speech: SpeechServer, audio: str, mode: str) -> None:
    cloud_speech.progress(mode)
    cloud_speech.pace(0.1)
    seen = percentages(speech, speech.submit(audio))
    falls = sum(later < earlier for earlier, later in pairwise(seen))
    match mode:
        case "steady":
            assert len(seen) > 4
            assert (seen[-1], falls) == (100, 0)
        case "never":
            assert seen == [0]
        case "jump":
            assert seen == [0, 100]
        case "stuck":
            assert seen[-2:] == [30, 100]
            assert falls == 0
        case "backwards":
            assert (seen[-1], falls) == (100, 1)


CODES = {
    "RESOURCE_EXHAUSTED": exceptions.ResourceExhausted,
    "INTERNAL": exceptions.InternalServerError,
    "UNAVAILABLE": exceptions.ServiceUnavailable,
    "ABORTED": exceptions.Aborted,
    "DEADLINE_EXCEEDED": exceptions.DeadlineExceeded,
    "PERMISSION_DENIED": exceptions.PermissionDenied,
    "UNAUTHENTICATED": exceptions.Unauthenticated,
    "INVALID_ARGUMENT": exceptions.InvalidArgument,
    "FAILED_PRECONDITION": exceptions.FailedPrecondition,
}


def test_a_call_fails_as_often_as_told(speech: Caller, cloud_speech: SpeechServer, audio: str) -> None:
    for code, error in CODES.items():
        cloud_speech.fault(method="BatchRecognize", code=code, times=2)
        for _ in range(2):
            with pytest.raises(error):
                speech.submit(audio)
    assert cloud_speech.accepted() == []
    name = speech.submit(audio).operation.name
    asked: dict[str, Callable[[], object]] = {
        "GetOperation": lambda: speech.get(name),
        "ListOperations": speech.names,
        "CancelOperation": lambda: speech.cancel(name),
    }
    for method, ask in asked.items():
        cloud_speech.fault(method=method, code="UNAVAILABLE")
        with pytest.raises(exceptions.ServiceUnavailable):
            ask()
        ask()


def test_a_share_of_the_calls_fails_the_same_for_the_same_seed(
    speech: Caller, cloud_speech: SpeechServer, audio: str
) -> None:
    name = speech.submit(audio).operation.name

    def fails() -> bool:
        try:
            speech.get(name)
        except exceptions.InternalServerError:
            return True
        return False

    runs = []
    for _ in range(2):
        cloud_speech.fault(method="GetOperation", code="INTERNAL", share=0.5, seed=3)
        runs.append([fails() for _ in range(30)])
        cloud_speech.clear_faults()
    assert runs[0] == runs[1]
    assert 5 < sum(runs[0]) < 25
    assert not fails()


def test_accepted_although_the_client_hears_an_error(speech: Caller, cloud_speech: SpeechServer, audio: str) -> None:
    cloud_speech.fault(method="BatchRecognize", code="UNAVAILABLE", accept=True)
    with pytest.raises(exceptions.ServiceUnavailable):
        speech.submit(audio)
    [accepted] = cloud_speech.accepted()
    assert speech.names() == [accepted["name"]]
    wait_until(lambda: cloud_speech.accepted()[0]["outcome"] == "done")


def test_accepted_after_the_client_has_given_up(speech: Caller, cloud_speech: SpeechServer, audio: str) -> None:
    cloud_speech.fault(method="BatchRecognize", hang_sec=0.6, accept=True)
    with pytest.raises(exceptions.DeadlineExceeded):
        speech.submit(audio, timeout=0.2)
    assert cloud_speech.accepted() == []
    wait_until(cloud_speech.accepted)


def test_a_call_that_hangs_and_leaves_nothing_behind(speech: Caller, cloud_speech: SpeechServer, audio: str) -> None:
    cloud_speech.fault(method="BatchRecognize", hang_sec=0.3)
    with pytest.raises(exceptions.DeadlineExceeded):
        speech.submit(audio, timeout=0.1)
    cloud_speech.fault(method="BatchRecognize", hang_sec=0.4)
    speech.submit(audio)  # by now the first would have been accepted too
    assert len(cloud_speech.accepted()) == 1


def test_an_operation_fails_or_is_lost(speech: Caller, cloud_speech: SpeechServer, audio: str) -> None:
    cloud_speech.fault(operation_error="RESOURCE_EXHAUSTED")
    assert speech.ended(speech.submit(audio)).error.code == 8
    cloud_speech.fault(lose_operation=True)
    accepted = speech.submit(audio).operation
    lost = accepted.name
    assert (accepted.done, metadata(accepted).progress_percent) == (False, 0)
    with pytest.raises(exceptions.NotFound):
        speech.get(lost)
    assert lost not in speech.names()
    found = [(each["outcome"], each["billed"]) for each in cloud_speech.accepted()]
    assert found == [("failed", False), ("lost", True)]


def test_results_that_end_early_and_files_that_fail(speech: Caller, cloud_speech: SpeechServer, audio: str) -> None:
    sound = recordings.samples_of(RECORDING)
    cloud_speech.fault(truncated=True)
    answered = response(speech.ended(speech.submit(audio)))
    half = sound[: len(sound) // 4 * 2]
    assert texts(answered, audio) == [(0, text_of(half))]
    assert answered.total_billed_duration.total_seconds() < len(sound) / 32_000 / 2 + 1
    cloud_speech.fault(file_error="INTERNAL")
    failed = response(speech.ended(speech.submit(audio)))
    assert (failed.results[audio].error.code, bool(failed.total_billed_duration)) == (13, False)


def test_an_operation_shows_late_in_the_list(speech: Caller, cloud_speech: SpeechServer, audio: str) -> None:
    cloud_speech.fault(list_delay_sec=0.5)
    name = speech.submit(audio).operation.name
    assert speech.get(name).name == name
    assert speech.names() == []
    wait_until(lambda: speech.names() == [name])


@pytest.mark.parametrize(
    "fault",
    [{}, {"method": "Recognise", "code": "INTERNAL"}, {"method": "GetOperation", "code": "SLOW"}, {"truncate": True}],
)
def test_a_fault_that_does_not_exist_is_refused(cloud_speech: SpeechServer, fault: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a fault has|no such"):
        cloud_speech.fault(**fault)
    assert cloud_speech.faults() == []


def test_a_killed_server_goes_on_with_what_it_had_accepted(
    tmp_path: Path, own_server: Callable[..., SpeechServer]
) -> None:
    server = own_server("--pace", str(SLOW))
    caller = Caller(server)
    uri = caller.put("visit.wav", RECORDING)
    kept = caller.put("kept.wav", RECORDING)
    running, cancelled = caller.submit(kept), caller.submit(uri)
    caller.cancel(cancelled.operation.name)
    server.pace(0.01)
    done = caller.submit(uri)
    wanted = response(caller.ended(done))
    server.fault(lose_operation=True)
    caller.submit(uri)
    before = server.accepted()
    server.kill()
    with pytest.raises(exceptions.ServiceUnavailable):
        caller.get(running.operation.name)
    caller.close()

    (tmp_path / "audio" / "visit.wav").unlink()  # finished work is not done again
    server.start("--pace", "0.01")
    caller = Caller(server)
    assert [each["outcome"] for each in before] == ["running", "cancelled", "done", "lost"]
    assert response(caller.get(done.operation.name)) == wanted
    assert texts(response(caller.ended(running)), kept) == texts(wanted, uri)
    assert [each["outcome"] for each in server.accepted()] == ["done", "cancelled", "done", "lost"]
    assert [each["accepted_at"] for each in server.accepted()] == [each["accepted_at"] for each in before]
    caller.close()


def test_a_hundred_operations_at_once(speech: Caller, cloud_speech: SpeechServer) -> None:
    made = {speech.put(f"many-{number}.wav", recordings.make(9, number)): number for number in range(100)}
    cloud_speech.pace(0.1)
    with ThreadPoolExecutor(8) as pool:
        submitted = list(pool.map(speech.submit, made))
    assert len({each["name"] for each in cloud_speech.accepted()}) == 100
    assert wait_until(lambda: all(each["outcome"] == "done" for each in cloud_speech.accepted()))
    assert len(speech.names()) == 100
    for uri, operation in zip(made, submitted, strict=True):
        sound = recordings.samples_of(recordings.make(9, made[uri]))
        assert texts(response(speech.get(operation.operation.name)), uri) == [(0, text_of(sound))]
