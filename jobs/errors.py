"""What can go wrong with a recording, in one table: code, kind, and the sentence that a coach reads.

The first line of a class's docstring is its default sentence. `code` is also the anchor of the cause in
docs/troubleshooting.md. `ErrorKind` decides what happens next; `likely_to_help` says it to the coach.
"""

from enum import StrEnum
from typing import ClassVar

from store.audio import AudioStoreRefused


class ErrorKind(StrEnum):
    """What an error means for the attempt that met it."""

    USER = "user"  # the file or the request cannot work: say so, never retry
    RETRYABLE = "retryable"  # may pass by itself: try again with backoff
    PERMANENT = "permanent"  # trying the same again ends the same way
    INSTALLATION = "installation"  # operations must mend it; no attempt is used up
    POISON = "poison"  # it took workers down repeatedly: stop


class TranscriptDeskError(Exception):
    """Something went wrong. Please try again."""

    code: ClassVar[str] = "error"
    kind: ClassVar[ErrorKind] = ErrorKind.RETRYABLE
    hope: ClassVar[str] = "Trying again is likely to help."

    def __init__(self, sentence: str | None = None, *, detail: str | None = None) -> None:
        """`sentence` is for the coach (default: the class's), `detail` for logs and operations."""
        self.sentence = sentence or (type(self).__doc__ or "").strip().splitlines()[0]
        self.detail = detail
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return f"{self.sentence} [{self.code}: {self.detail}]" if self.detail else self.sentence


class EmptyFile(TranscriptDeskError):
    """This file is empty. Please export the recording again and upload the new file."""

    code = "empty-file"
    kind = ErrorKind.USER
    hope = "Trying again will not help: the file holds nothing."


class FileTooLarge(TranscriptDeskError):
    """This file is larger than this desk accepts. Please export it as MP3 or M4A, or split it."""

    code = "file-too-large"
    kind = ErrorKind.USER
    hope = "Trying again will not help: the file has to become smaller first."


class RecordingTooLong(TranscriptDeskError):
    """This recording is longer than this desk accepts. Please split it and upload the parts."""

    code = "recording-too-long"
    kind = ErrorKind.USER
    hope = "Trying again will not help: the recording has to be split first."


class RecordingTooShort(TranscriptDeskError):
    """This recording is too short to hold any speech. Please check that you chose the right file."""

    code = "recording-too-short"
    kind = ErrorKind.USER
    hope = "Trying again will not help: there is next to no sound in the file."


class NoAudioStream(TranscriptDeskError):
    """This file has no sound in it. Please upload a recording that has an audio track."""

    code = "no-audio-stream"
    kind = ErrorKind.USER
    hope = "Trying again will not help: there is no audio track in the file."


class NotAudio(TranscriptDeskError):
    """This is not a recording we can read. Please upload WAV, FLAC, MP3, M4A, AAC, OGG, Opus, WebM, MP4 or MOV."""

    code = "not-audio"
    kind = ErrorKind.USER
    hope = "Trying again with the same file will not help: export the recording again in one of the accepted formats."


class DecodingFailed(TranscriptDeskError):
    """The sound in this file is damaged and cannot be read. Please export the recording again."""

    code = "decoding-failed"
    kind = ErrorKind.PERMANENT
    hope = "Trying again with the same file is not likely to help: it is damaged."


class MediaLimitExceeded(TranscriptDeskError):
    """Reading this file takes more memory or computing time than is allowed. Please export it as MP3 or WAV."""

    code = "media-limit-exceeded"
    kind = ErrorKind.PERMANENT
    hope = "Trying again with the same file is not likely to help: export it in another format first."


class MediaTimeout(TranscriptDeskError):
    """Reading this file took too long, probably because the machine is busy. Please try again."""

    code = "media-timeout"
    kind = ErrorKind.RETRYABLE
    hope = "Trying again is likely to help, once the machine is less busy."


class LanguageNotSupported(TranscriptDeskError):
    """The chosen engine does not understand this language. Please choose another language or another engine."""

    code = "language-not-supported"
    kind = ErrorKind.USER
    hope = "Trying again helps only with another language or another engine."


class EngineUnknown(TranscriptDeskError):
    """There is no engine of this name here. Please choose one from the list."""

    code = "engine-unknown"
    kind = ErrorKind.USER
    hope = "Trying again helps only with another engine."


class EngineUnavailable(TranscriptDeskError):
    """The transcription engine is not set up properly here. Your recording is safe; operations has to mend it."""

    code = "engine-unavailable"
    kind = ErrorKind.INSTALLATION
    hope = "Trying again will help once operations has mended the engine."


class EngineRefused(TranscriptDeskError):
    """The transcription service refuses this desk. Your recording is safe; operations has to mend it."""

    code = "engine-refused"
    kind = ErrorKind.INSTALLATION
    hope = "Trying again will help once operations has mended the access to the service."


class ProviderBusy(TranscriptDeskError):
    """The transcription service takes no more work at the moment. It is asked again by itself."""

    code = "provider-busy"
    kind = ErrorKind.INSTALLATION
    hope = "Trying again is likely to help, once the service has room again."


class ProviderUnavailable(TranscriptDeskError):
    """The transcription service cannot be reached, or has a fault, at the moment. It is asked again by itself."""

    code = "provider-unavailable"
    kind = ErrorKind.RETRYABLE
    hope = "Trying again is likely to help, once the service is back."


class RecordingRefused(TranscriptDeskError):
    """The transcription service cannot read this recording. Please export it as MP3 or WAV and upload it again."""

    code = "recording-refused"
    kind = ErrorKind.PERMANENT
    hope = "Trying again with the same file is not likely to help: export it in another format first."


class PartialResult(TranscriptDeskError):
    """The transcription service returned only a part of the words, so they were not taken."""

    code = "partial-result"
    kind = ErrorKind.RETRYABLE
    hope = "Trying again is likely to help."


class RecognitionFailed(TranscriptDeskError):
    """The transcription engine stopped in the middle of the recording. The finished parts are kept."""

    code = "recognition-failed"
    kind = ErrorKind.RETRYABLE
    hope = "Trying again is likely to help: it goes on from the finished parts."


class RecogniserKilled(RecognitionFailed):
    """A recognising process was killed, most likely for lack of memory. The finished parts are kept."""

    code = "recogniser-killed"
    hope = "Trying again may help: it goes on from the finished parts. Operations should see to the machine's memory."


class WorkerLost(TranscriptDeskError):
    """The worker that was transcribing this recording stopped. The finished parts are kept."""

    code = "worker-lost"
    kind = ErrorKind.RETRYABLE
    hope = "Trying again is likely to help: another worker goes on from the finished parts."


class AudioMissing(TranscriptDeskError):
    """The audio of this session is no longer there. Please upload the recording again."""

    code = "audio-missing"
    kind = ErrorKind.PERMANENT
    hope = "Trying again will not help: the recording has to be uploaded again."


class StorageUnavailable(TranscriptDeskError):
    """The storage for recordings or results cannot be reached, or is full, at the moment."""

    code = "storage-unavailable"
    kind = ErrorKind.RETRYABLE
    hope = "Trying again is likely to help, once the storage is back."


class StorageRefused(TranscriptDeskError):
    """The storage for recordings is not set up properly here. Operations has to mend it."""

    code = "storage-refused"
    kind = ErrorKind.INSTALLATION
    hope = "Trying again will help once operations has mended the storage."


class PoisonSession(TranscriptDeskError):
    """This recording stopped several workers in a row, so we no longer try it. Please export it in another format."""

    code = "poison-session"
    kind = ErrorKind.POISON
    hope = "Trying again with the same file is not likely to help; operations can see what happened."


class DeadlineExceeded(TranscriptDeskError):
    """Transcribing this recording took far longer than it should. The finished parts are kept."""

    code = "deadline-exceeded"
    kind = ErrorKind.RETRYABLE
    hope = "Trying again is likely to help, once the machine is less busy: it goes on from the finished parts."


class GivenUp(TranscriptDeskError):
    """Operations stopped this session because it did not move."""

    code = "given-up"
    kind = ErrorKind.RETRYABLE
    hope = "Trying again is likely to help once operations has found out why it stood still."


class Unexpected(TranscriptDeskError):
    """Something unexpected went wrong on our side. It is tried again by itself a few times."""

    code = "unexpected"
    kind = ErrorKind.RETRYABLE
    hope = "Trying again may help; if it fails again in the same way, please tell operations."


ERRORS: dict[str, type[TranscriptDeskError]] = {
    cls.code: cls
    for cls in (
        *(EmptyFile, FileTooLarge, RecordingTooLong, RecordingTooShort, NoAudioStream, NotAudio),
        *(DecodingFailed, MediaLimitExceeded, MediaTimeout),
        *(LanguageNotSupported, EngineUnknown, EngineUnavailable, RecognitionFailed, RecogniserKilled),
        *(EngineRefused, ProviderBusy, ProviderUnavailable, RecordingRefused, PartialResult),
        *(WorkerLost, AudioMissing, StorageUnavailable, StorageRefused),
        *(PoisonSession, DeadlineExceeded, GivenUp, Unexpected),
    )
}


def classify(exc: BaseException) -> TranscriptDeskError:
    """The named error that `exc` is; most specific first, `Unexpected` for what nobody foresaw.

    A missing file is `Unexpected`, not `AudioMissing`: scratch files may be swept under a worker, and that may
    be tried again; the audio store says itself when a recording is gone.
    """
    if isinstance(exc, TranscriptDeskError):
        return exc
    detail = f"{type(exc).__name__}: {exc}"
    if isinstance(exc, FileNotFoundError):
        return Unexpected(detail=detail)
    if isinstance(exc, AudioStoreRefused):
        return StorageRefused(detail=detail)
    if isinstance(exc, OSError):  # disk full, read-only, connection refused or reset, timed out
        return StorageUnavailable(detail=detail)
    if isinstance(exc, ImportError):
        return EngineUnavailable(detail=detail)
    return Unexpected(detail=detail)


def likely_to_help(code: str) -> str:
    """One sentence for the coach on whether trying again is likely to help; unknown codes are treated as unexpected."""
    return ERRORS.get(code, Unexpected).hope
