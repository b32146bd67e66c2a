"""Google's answers become lines of a transcript, or the error that they are."""

from datetime import timedelta

import pytest
from google.cloud.speech_v2 import (
    BatchRecognizeFileResult,
    BatchRecognizeMetadata,
    BatchRecognizeRequest,
    BatchRecognizeResponse,
    BatchRecognizeResults,
    BatchRecognizeTranscriptionMetadata,
    InlineResult,
    OperationMetadata,
    RecognitionResponseMetadata,
    SpeechRecognitionAlternative,
    SpeechRecognitionResult,
    WordInfo,
)
from google.longrunning import operations_pb2
from google.rpc import status_pb2

from jobs.engines.google import results
from jobs.engines.protocol import OperationGone, Recognised, RemoteAudio, Running, Segment
from jobs.errors import AudioMissing, PartialResult, RecognitionFailed, RecordingRefused

URI = "gs://bucket/audio/1.flac"
OTHER = "gs://bucket/audio/2.flac"


def audio(audio_sec: float = 10.0, *, speaker_channels: bool = False) -> RemoteAudio:
    return RemoteAudio(URI, audio_sec, "en", 2 if speaker_channels else 1, speaker_channels)


def word(text: str, start_sec: float, end_sec: float, confidence: float = 0.0, speaker: str = "") -> WordInfo:
    return WordInfo(
        word=text,
        start_offset=timedelta(seconds=start_sec),
        end_offset=timedelta(seconds=end_sec),
        confidence=confidence,
        speaker_label=speaker,
    )


def result(*words: WordInfo, end_sec: float = 0.0, channel: int = 0, transcript: str = "", confidence: float = 0.0):
    heard = SpeechRecognitionAlternative(
        transcript=transcript or " ".join(one.word for one in words), confidence=confidence, words=words
    )
    return SpeechRecognitionResult(
        alternatives=[heard], channel_tag=channel, result_end_offset=timedelta(seconds=end_sec)
    )


def transcript(*parts: SpeechRecognitionResult) -> BatchRecognizeResults:
    return BatchRecognizeResults(results=parts)


def lines(*parts: SpeechRecognitionResult, speaker_channels: bool = False) -> tuple[Segment, ...]:
    return results.segments(transcript(*parts), speaker_channels=speaker_channels)


def answer(*parts: SpeechRecognitionResult, billed_sec: float = 0.0, uri: str = URI) -> BatchRecognizeResponse:
    file = BatchRecognizeFileResult(inline_result=InlineResult(transcript=transcript(*parts)))
    return BatchRecognizeResponse(results={uri: file}, total_billed_duration=timedelta(seconds=billed_sec))


def operation(*, said: OperationMetadata | None = None, response=None, code: int = 0) -> operations_pb2.Operation:
    made = operations_pb2.Operation(name="projects/p/locations/eu/operations/1", done=bool(response or code))
    if said is not None:
        made.metadata.Pack(OperationMetadata.pb(said))
    if response is not None:
        made.response.Pack(BatchRecognizeResponse.pb(response))
    if code:
        made.error.CopyFrom(status_pb2.Status(code=code, message="Google's words"))
    return made


def test_googles_own_words_are_kept_and_a_sentence_is_a_line() -> None:
    found = lines(
        result(
            word("Hello,", 0.2, 0.5, 0.9), word("iPhone", 0.6, 0.9, 0.7), word("users.", 0.9, 1.2, 0.8), end_sec=1.5
        ),
        result(word("how", 1.3, 1.5), word("are", 1.5, 1.7), word("you?", 1.7, 2.0), end_sec=2.5),
        result(word("Fine", 2.1, 2.4), end_sec=3.0),
    )
    assert [line.text for line in found] == ["Hello, iPhone users. how are you?", "Fine"]
    assert (found[0].start_sec, found[0].end_sec) == (0.2, 2.0)
    assert found[0].confidence == pytest.approx(0.8)
    assert found[1].confidence is None
    assert [one.confidence for one in found[0].words][3:] == [None, None, None]


def test_a_change_of_speaker_is_a_line_of_its_own() -> None:
    found = lines(
        result(word("well", 0.0, 0.3, speaker="1"), word("yes", 0.3, 0.6, speaker="2"), word("so", 0.6, 1, speaker="1"))
    )
    assert [(line.speaker, line.text) for line in found] == [
        ("Speaker 1", "well"),
        ("Speaker 2", "yes"),
        ("Speaker 1", "so"),
    ]


def test_all_words_again_with_their_speakers_replace_those_before() -> None:
    early = [word("Good", 0.1, 0.4), word("day.", 0.4, 0.8)]
    late = [word("Thanks.", 1.0, 1.4)]
    again = [word("Good", 0.1, 0.4, speaker="1"), word("day.", 0.4, 0.8, speaker="1")]
    again += [word("Thanks.", 1.0, 1.4, speaker="2")]
    found = lines(result(*early, end_sec=0.9), result(*late, end_sec=1.5), result(*again, end_sec=1.5))
    assert [(line.speaker, line.text) for line in found] == [("Speaker 1", "Good day."), ("Speaker 2", "Thanks.")]


def test_channels_are_speakers_and_go_by_time() -> None:
    found = lines(
        result(word("Hello.", 0.1, 0.5), end_sec=1, channel=1),
        result(word("Bye.", 4.0, 4.4), end_sec=5, channel=1),
        result(word("Hi.", 2.0, 2.4), end_sec=3, channel=2),
        speaker_channels=True,
    )
    assert [(line.speaker, line.text) for line in found] == [
        ("Speaker 1", "Hello."),
        ("Speaker 2", "Hi."),
        ("Speaker 1", "Bye."),
    ]


def test_a_channel_tag_says_nothing_of_a_recording_without_speaker_channels() -> None:
    assert lines(result(word("Hello", 0.1, 0.5), channel=1))[0].speaker is None


def test_words_without_times_fall_back_to_the_results() -> None:
    found = lines(
        result(transcript="The first part", end_sec=4.0, confidence=0.9),
        SpeechRecognitionResult(result_end_offset=timedelta(seconds=6)),  # nobody spoke
        result(WordInfo(word="and"), WordInfo(word="more"), transcript=" and more", end_sec=9.5),
    )
    assert found == (
        Segment(0.0, 4.0, "The first part", None, 0.9),
        Segment(6.0, 9.5, "and more"),
    )


def test_silence_is_an_empty_transcript() -> None:
    assert results.recognised(answer(billed_sec=10), audio()) == ()
    assert results.recognised(answer(SpeechRecognitionResult(), billed_sec=10), audio()) == ()


def test_the_only_file_is_ours_however_it_is_spelled() -> None:
    spelled = "https://storage.googleapis.com/bucket/audio/1.flac"
    found = results.recognised(answer(result(word("Yes.", 0, 1)), uri=spelled), audio())
    assert [line.text for line in found] == ["Yes."]


def test_an_answer_without_our_file_is_no_silence() -> None:
    with pytest.raises(RecognitionFailed):
        results.recognised(BatchRecognizeResponse(), audio())
    two = BatchRecognizeResponse(results={OTHER: {}, "gs://bucket/3": {}})
    with pytest.raises(RecognitionFailed):
        results.recognised(two, audio())


def test_the_deprecated_field_is_read_where_the_new_one_is_missing() -> None:
    file = BatchRecognizeFileResult(transcript=transcript(result(word("Yes.", 0, 1))))
    assert results.recognised(BatchRecognizeResponse(results={URI: file}), audio())[0].text == "Yes."


@pytest.mark.parametrize(("code", "meaning"), [(3, RecordingRefused), (5, AudioMissing), (13, RecognitionFailed)])
def test_a_files_error_is_what_the_operation_ended_with(code: int, meaning: type[Exception]) -> None:
    file = BatchRecognizeFileResult(error=status_pb2.Status(code=code, message="no"))
    with pytest.raises(meaning):
        results.state(operation(response=BatchRecognizeResponse(results={URI: file})), audio())


@pytest.mark.parametrize(
    ("audio_sec", "billed_sec", "channels", "last_end_sec", "partial"),
    [
        (600, 300, 1, 299, True),
        (600, 600, 2, 299, True),  # both channels are billed
        (600, 1200, 2, 580, False),
        (600, 571, 1, 100, False),  # within 5 %
        (600, 569, 1, 100, True),
        (20, 6, 1, 5, False),  # within the 15 s in which Google once billed
        (600, 300, 1, 590, False),  # it has words up to the end
        (600, 0, 1, 10, False),  # nothing is said of billing
    ],
)
def test_a_part_is_not_taken_for_the_whole(
    audio_sec: float, billed_sec: float, channels: int, last_end_sec: float, partial: bool
) -> None:
    heard = answer(result(word("Yes.", 0, 1), end_sec=last_end_sec, channel=1), billed_sec=billed_sec)
    of = audio(audio_sec, speaker_channels=channels == 2)
    if partial:
        with pytest.raises(PartialResult) as met:
            results.recognised(heard, of)
        assert f"of {audio_sec} s" in (met.value.detail or "")
    else:
        assert len(results.recognised(heard, of)) == 1


def test_the_files_own_billing_counts_where_the_sum_is_missing() -> None:
    file = BatchRecognizeFileResult(
        inline_result=InlineResult(transcript=transcript(result(word("Yes.", 0, 1)))),
        metadata=RecognitionResponseMetadata(total_billed_duration=timedelta(seconds=100)),
    )
    with pytest.raises(PartialResult):
        results.recognised(BatchRecognizeResponse(results={URI: file}), audio(600))


def progress(of_file: int | None, of_operation: int = 0, uri: str = URI) -> OperationMetadata:
    files = {} if of_file is None else {uri: BatchRecognizeTranscriptionMetadata(progress_percent=of_file)}
    return OperationMetadata(
        progress_percent=of_operation, batch_recognize_metadata=BatchRecognizeMetadata(transcription_metadata=files)
    )


@pytest.mark.parametrize(
    ("said", "percent"),
    [
        (progress(40), 40),
        (progress(40, 20), 40),
        (progress(0, 20), 20),
        (progress(None, 20), 20),
        (progress(0), None),
        (progress(None), None),
        (progress(40, uri=OTHER), 40),
        (progress(140), 100),
        (None, None),
    ],
)
def test_progress_is_what_google_says_and_nothing_where_it_is_silent(said, percent: int | None) -> None:
    assert results.state(operation(said=said), audio()) == Running(percent)


def test_an_operation_that_is_done_gives_its_words() -> None:
    done = operation(said=progress(100), response=answer(result(word("Yes.", 0, 1)), billed_sec=10))
    state = results.state(done, audio())
    assert isinstance(state, Recognised)
    assert [line.text for line in state.segments] == ["Yes."]


def test_an_operation_that_was_cancelled_is_gone() -> None:
    with pytest.raises(OperationGone):
        results.state(operation(said=progress(10), code=1), audio())


def test_the_request_of_an_operation_tells_its_object() -> None:
    said = OperationMetadata(batch_recognize_request=BatchRecognizeRequest(files=[{"uri": URI}, {"uri": OTHER}]))
    assert results.requested_uris(results.metadata(operation(said=said))) == [URI, OTHER]
    assert results.requested_uris(results.metadata(operation())) == []
    assert results.created_sec(said) == 0.0
