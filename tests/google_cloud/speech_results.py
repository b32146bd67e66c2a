"""Google's messages, made from what was heard and from where an operation stands."""

import datetime
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

from google.cloud.speech_v2 import (
    BatchRecognizeFileResult,
    BatchRecognizeMetadata,
    BatchRecognizeResponse,
    BatchRecognizeResults,
    BatchRecognizeTranscriptionMetadata,
    InlineResult,
    OperationMetadata,
    RecognitionConfig,
    RecognitionResponseMetadata,
    SpeechRecognitionAlternative,
    SpeechRecognitionResult,
    WordInfo,
)
from google.longrunning import operations_pb2
from google.rpc import status_pb2

from jobs.engines.protocol import Word
from tests.google_cloud.behaviours import Progress
from tests.google_cloud.operations import Operation, Outcome
from tests.google_cloud.recognisers import Heard

METHOD = "google.cloud.speech.v2.Speech.BatchRecognize"
PAUSE_SEC = 0.6  # after which another speaker goes on


def transcript(heard: Sequence[Sequence[Heard]], config: RecognitionConfig, billed_sec: int) -> BatchRecognizeResults:
    """The results of one file: of all channels, ordered by time. A stretch without speech has no alternatives."""
    separate = config.features.multi_channel_mode
    results = [
        _result(stretch, config, first=at == 0, channel=channel if separate else 0, speakers=speakers)
        for channel, stretches in enumerate(heard, 1)
        for speakers in [_speakers(config)]
        for at, stretch in enumerate(stretches)
    ]
    results.sort(key=lambda result: (result.result_end_offset, result.channel_tag))
    return BatchRecognizeResults(results=results, metadata=billed(billed_sec))


def file_result(results: BatchRecognizeResults) -> BatchRecognizeFileResult:
    """With the deprecated field too, which Google still fills."""
    return BatchRecognizeFileResult(
        inline_result=InlineResult(transcript=results), transcript=results, metadata=results.metadata
    )


def response(results: dict[str, BatchRecognizeFileResult]) -> BatchRecognizeResponse:
    total = sum((result.metadata.total_billed_duration for result in results.values()), datetime.timedelta())
    return BatchRecognizeResponse(results=results, total_billed_duration=total)


def billed(seconds: int) -> RecognitionResponseMetadata:
    return RecognitionResponseMetadata(total_billed_duration=datetime.timedelta(seconds=seconds))


def billed_sec(audio_sec: Iterable[float]) -> int:
    """Google bills each channel, in whole seconds, rounded up."""
    return sum(math.ceil(seconds) for seconds in audio_sec)


def as_message(operation: Operation, progress: Progress) -> operations_pb2.Operation:
    """What GetOperation answers."""
    message = operations_pb2.Operation(name=operation.name, done=operation.ended)
    message.metadata.Pack(OperationMetadata.pb(_metadata(operation, progress)))
    if operation.error is not None:
        message.error.CopyFrom(operation.error)
    if operation.response is not None:
        message.response.Pack(BatchRecognizeResponse.pb(operation.response))
    return message


def status(code: int, message: str) -> status_pb2.Status:
    return status_pb2.Status(code=code, message=message)


def _metadata(operation: Operation, progress: Progress) -> OperationMetadata:
    files, done = {}, operation.outcome is Outcome.DONE
    for uri in operation.uris:
        share = operation.shares.get(uri)
        percent = progress.percent(share.fraction if share else 0.0, ended=done)
        files[uri] = BatchRecognizeTranscriptionMetadata(progress_percent=percent)
        if operation.response is not None and operation.response.results[uri].error.code:
            files[uri].error = operation.response.results[uri].error
    return OperationMetadata(
        create_time=_moment(operation.accepted_at),
        update_time=_moment(operation.ended_at) if operation.ended_at else datetime.datetime.now(datetime.UTC),
        resource=operation.request.recognizer,
        method=METHOD,
        batch_recognize_request=operation.request,
        progress_percent=progress.percent(operation.fraction, ended=done),
        batch_recognize_metadata=BatchRecognizeMetadata(transcription_metadata=files),
    )


def _moment(at: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at, datetime.UTC)


def _result(
    heard: Heard, config: RecognitionConfig, *, first: bool, channel: int, speakers: Iterator[str] | None
) -> SpeechRecognitionResult:
    result = SpeechRecognitionResult(
        channel_tag=channel,
        result_end_offset=datetime.timedelta(seconds=heard.end_sec),
        language_code=config.language_codes[0],
    )
    if heard.words:
        stop = heard.stop if config.features.enable_automatic_punctuation else ""
        known = [word.confidence for word in heard.words if word.confidence is not None]
        alternative = SpeechRecognitionAlternative(
            transcript=("" if first else " ") + heard.text + stop,  # Google's later results begin with a space
            confidence=sum(known) / len(known) if known else 0.0,
            words=_words(heard.words, config, stop, speakers),
        )
        result.alternatives = [alternative]
    return result


def _words(
    heard: Sequence[Word], config: RecognitionConfig, stop: str, speakers: Iterator[str] | None
) -> list[WordInfo]:
    """None unless something about words was asked for; each has only what was asked for."""
    features, words = config.features, []
    if not (features.enable_word_time_offsets or features.enable_word_confidence or speakers):
        return []
    label, before = next(speakers) if speakers else "", heard[0]
    for word in heard:
        if speakers and word.start_sec - before.end_sec > PAUSE_SEC:
            label = next(speakers)
        info = WordInfo(word=word.text + (stop if word is heard[-1] else ""), speaker_label=label)
        if features.enable_word_time_offsets:
            info.start_offset = datetime.timedelta(seconds=word.start_sec)
            info.end_offset = datetime.timedelta(seconds=word.end_sec)
        if features.enable_word_confidence and word.confidence is not None:
            info.confidence = word.confidence
        words.append(info)
        before = word
    return words


def _speakers(config: RecognitionConfig) -> Iterator[str] | None:
    """Labels, each speaker in turn, for ever; None when nobody asked who speaks."""
    if "diarization_config" not in config.features:
        return None
    most = max(2, config.features.diarization_config.min_speaker_count)
    if config.features.diarization_config.max_speaker_count == 1:
        most = 1
    return itertools.cycle(str(speaker) for speaker in range(1, most + 1))
