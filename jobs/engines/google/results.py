"""What Google's answers say: pure functions from its messages to progress and segments."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TypeVar

from google.cloud.speech_v2 import (
    BatchRecognizeFileResult,
    BatchRecognizeResponse,
    BatchRecognizeResults,
    OperationMetadata,
    SpeechRecognitionAlternative,
    SpeechRecognitionResult,
)
from google.longrunning import operations_pb2

from jobs.engines.google.errors import of_operation
from jobs.engines.phrases import written_phrases
from jobs.engines.protocol import Recognised, RemoteAudio, Running, Segment, Word
from jobs.errors import PartialResult, RecognitionFailed

BILLING_STEP_SEC = 15.0  # Google bills in steps, of one second today and of fifteen in its first version
TOLERANCE = 0.05  # of the audio

Spoken = tuple[str | None, Word]  # who says a word
Found = TypeVar("Found")


def state(operation: operations_pb2.Operation, audio: RemoteAudio) -> Running | Recognised:
    """How the operation is. Raises `OperationGone`, `PartialResult`, or what it or its file ended with."""
    if not operation.done:
        return Running(percent(metadata(operation), audio.uri))
    if operation.HasField("error"):
        raise of_operation(operation.error.code, operation.error.message)
    answer = BatchRecognizeResponse()
    operation.response.Unpack(BatchRecognizeResponse.pb(answer))
    return Recognised(recognised(answer, audio))


def metadata(operation: operations_pb2.Operation) -> OperationMetadata:
    """What Google says about the operation; empty where it says nothing."""
    found = OperationMetadata()
    operation.metadata.Unpack(OperationMetadata.pb(found))
    return found


def percent(found: OperationMetadata, uri: str) -> int | None:
    """How far Google says it is with the object, 1 to 100. Google promises no more than 0 and 100; 0 says nothing."""
    files = found.batch_recognize_metadata.transcription_metadata
    file = _of_uri(files, uri)
    said: int = (file.progress_percent if file is not None else 0) or found.progress_percent
    return min(said, 100) if said > 0 else None


def requested_uris(found: OperationMetadata) -> list[str]:
    """The objects that the operation was asked to recognise."""
    return [file.uri for file in found.batch_recognize_request.files]


def created_sec(found: OperationMetadata) -> float:
    """When Google accepted the operation, in Unix time; 0 where it does not say."""
    return float(found.create_time.timestamp()) if found.create_time else 0.0


def recognised(answer: BatchRecognizeResponse, audio: RemoteAudio) -> tuple[Segment, ...]:
    """The segments of the answer's one file, in order. Raises `PartialResult`, or what the file ended with."""
    file: BatchRecognizeFileResult | None = _of_uri(answer.results, audio.uri)
    if file is None:
        raise RecognitionFailed(detail="Google's answer holds no result for the recording")
    if file.error.code:
        raise of_operation(file.error.code, file.error.message)
    transcript = file.inline_result.transcript if "inline_result" in file else file.transcript
    billed_sec = _sec(answer.total_billed_duration) or _sec(file.metadata.total_billed_duration)
    check_whole(transcript, billed_sec, audio)
    return segments(transcript, speaker_channels=audio.speaker_channels)


def check_whole(transcript: BatchRecognizeResults, billed_sec: float, audio: RemoteAudio) -> None:
    """Raises `PartialResult` when Google has not listened to the whole recording.

    How far it listened is what it bills (`total_billed_duration`: the sum over the channels that it recognises apart),
    or where its last result ends, if that is later. Silence is billed as speech is, so a recording that ends in silence
    is no partial one. What is missing has to be more than 5 % of the audio and more than 15 s, the step in which Google
    billed at first. Where it says nothing about billing ("when available"), nothing can be said.
    """
    if billed_sec <= 0:
        return
    channels = audio.channels if audio.speaker_channels else 1
    last_end_sec = max((_sec(result.result_end_offset) for result in transcript.results), default=0.0)
    heard_sec = max(billed_sec / channels, last_end_sec)
    if audio.audio_sec - heard_sec > max(BILLING_STEP_SEC, TOLERANCE * audio.audio_sec):
        raise PartialResult(detail=f"Google listened to {heard_sec:.0f} s of {audio.audio_sec:.0f} s")


def segments(transcript: BatchRecognizeResults, *, speaker_channels: bool) -> tuple[Segment, ...]:
    """The lines of the transcript by time; channels are `Speaker 1` and `Speaker 2` where each has one speaker."""
    channels: dict[int, list[SpeechRecognitionResult]] = defaultdict(list)
    for result in transcript.results:
        channels[result.channel_tag if speaker_channels else 0].append(result)
    lines = [line for tag, results in channels.items() for line in _of_channel(results, _speaker(str(tag or "")))]
    return tuple(sorted(lines, key=lambda line: (line.start_sec, line.end_sec)))


def _of_channel(results: Iterable[SpeechRecognitionResult], speaker: str | None) -> list[Segment]:
    """The lines of one channel. `speaker` is who speaks in it; None: whoever the words say."""
    lines: list[Segment] = []
    spoken: list[Spoken] = []
    at_sec = 0.0
    for result in sorted(results, key=lambda one: _sec(one.result_end_offset)):
        end_sec = max(at_sec, _sec(result.result_end_offset))
        best = result.alternatives[0] if result.alternatives else SpeechRecognitionAlternative()
        words = _words(best, speaker)
        if _repeats(words, spoken):
            spoken = words
        elif words:
            spoken += words
        elif best.transcript.strip():  # a model that gives words no times
            text, confidence = best.transcript.strip(), _confidence(best.confidence)
            lines.append(Segment(at_sec, end_sec, text, speaker, confidence))
        at_sec = end_sec
    for who, group in groupby(spoken, key=lambda one: one[0]):
        lines += written_phrases([word for _, word in group], who)
    return lines


def _words(heard: SpeechRecognitionAlternative, speaker: str | None) -> list[Spoken]:
    """The words with their times; none where Google gives no times."""
    if not any(_sec(word.end_offset) for word in heard.words):
        return []
    return [
        (
            speaker or _speaker(word.speaker_label),
            Word(
                text=word.word,
                start_sec=_sec(word.start_offset),
                end_sec=max(_sec(word.start_offset), _sec(word.end_offset)),
                confidence=_confidence(word.confidence),
            ),
        )
        for word in heard.words
        if word.word.strip()
    ]


def _repeats(words: Sequence[Spoken], before: Sequence[Spoken]) -> bool:
    """Whether these are all words from the beginning again, as Google sends them last when it tells speakers apart."""
    return bool(before) and len(words) >= len(before) and words[0][1].start_sec <= before[0][1].start_sec


def _speaker(label: str) -> str | None:
    return f"Speaker {label}" if label else None


def _confidence(value: float) -> float | None:
    """0.0 is Google's sign for a confidence that was not set."""
    return round(min(value, 1.0), 3) if value > 0 else None


def _sec(duration: datetime.timedelta | None) -> float:
    return round(duration.total_seconds(), 3) if duration else 0.0


def _of_uri(files: Mapping[str, Found], uri: str) -> Found | None:
    """What is said of the object. There is one object an operation, so the only entry is its, however it is spelled."""
    if uri in files:
        return files[uri]
    return next(iter(files.values())) if len(files) == 1 else None
