"""What an engine is given and what it gives back. Engines never touch a session's status or the database.

There are two shapes. An in-process engine recognises here, chunk by chunk, while a worker waits for it. A remote engine
is given an operation and asked later how it is; no worker waits meanwhile.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from jobs.errors import TranscriptDeskError
from jobs.media.silences import Chunk, Lengths


@dataclass(frozen=True)
class Word:
    """One word, in seconds from the recording's beginning; `confidence` is 0..1, or None where the engine has none."""

    text: str
    start_sec: float
    end_sec: float
    confidence: float | None = None


@dataclass(frozen=True)
class Segment:
    """A readable phrase: one line of the transcript."""

    start_sec: float
    end_sec: float
    text: str
    speaker: str | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()

    def shifted(self, by_sec: float) -> "Segment":
        """The same segment, so much later."""
        if by_sec == 0:
            return self
        words = tuple(replace(w, start_sec=w.start_sec + by_sec, end_sec=w.end_sec + by_sec) for w in self.words)
        return replace(self, start_sec=self.start_sec + by_sec, end_sec=self.end_sec + by_sec, words=words)

    def to_json(self) -> dict[str, Any]:
        """As plain dicts and lists, for a JSON column."""
        return asdict(self) | {"words": [asdict(word) for word in self.words]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Segment":
        """The segment that `to_json` wrote; raises `TypeError` for anything else."""
        return cls(**value | {"words": tuple(Word(**word) for word in value.get("words", ()))})


DETECT = "detect"  # instead of a language's tag: the one that is heard


@dataclass(frozen=True)
class Wanted:
    """What is asked of a recording's recognition.

    `language` is the session's tag, or DETECT; with `detects` it is said what is heard, even where one was chosen. With
    `voices` each chunk also brings what tells its voices apart.
    `known` holds the words of chunks, by their start, that an earlier attempt has finished: only their voices are made.
    """

    language: str = "en"
    detects: bool = False
    voices: bool = False
    known: Mapping[float, tuple[Segment, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Voices:
    """What tells the voices of a chunk apart: one vector of length 1 (a row, float32) for the window around each time
    (seconds from the recording's beginning). Biometric data: never stored."""

    at_sec: npt.NDArray[np.float64]
    vectors: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """What an engine made of one chunk; the segments may be none when nobody spoke."""

    segments: tuple[Segment, ...]
    voices: Voices | None = None


@dataclass(frozen=True)
class LanguageHeard:
    """The language that is spoken in the recording; before any chunk is done. Not `certain`: a guess from little
    speech, which may fill in what nobody has chosen, and contradicts nobody."""

    language: str
    certain: bool


@dataclass(frozen=True)
class ChunkBegun:
    """A process has a core and begins to recognise this chunk, before its audio is done.

    Chunks that wait for a core are not begun, nor are those whose words are `known`."""

    chunk: Chunk


@dataclass(frozen=True)
class ChunkDone:
    """A chunk is finished."""

    chunk: Chunk
    segments: tuple[Segment, ...]
    voices: Voices | None = None


@dataclass(frozen=True)
class AudioDone:
    """`audio_sec` more seconds of audio have been recognised since the last `AudioDone`, in whichever chunks."""

    audio_sec: float


Event = LanguageHeard | ChunkBegun | AudioDone | ChunkDone


class Recogniser(Protocol):
    """Recognising processes that stand ready."""

    def is_alive(self) -> bool:
        """Whether all of them are there: one may have been killed while there was nothing to do."""

    def recognise(self, pcm: Path, chunks: Sequence[Chunk], wanted: Wanted) -> Iterator[Event]:
        """Yields events as they come, chunks in any order; the `AudioDone`s sum to the length of `chunks`, less that of
        the chunks whose words are `known`.

        An `AudioDone` comes at most about four times a second, and always before the `ChunkDone` that it completes.
        Closing the iterator ends the recognising processes. Raises `RecognitionFailed`.
        """


class InProcessEngine(Protocol):
    """An engine that recognises on this machine, in child processes of the worker."""

    name: str
    label: str
    languages: tuple[str, ...]
    lengths: Lengths  # of the chunks that it is given
    reports_within_chunks: bool  # else nothing is known of a chunk before it is done

    def preload(self) -> None:
        """Prepares what its processes can share, once, in the worker before it forks. Raises `EngineUnavailable`."""

    def recogniser(self, processes: int) -> AbstractContextManager[Recogniser]:
        """Forks `processes` children at once: enter it before any thread or database connection exists.

        Leaving it ends the children within a second. They also die with the worker.
        """


@dataclass(frozen=True)
class RemoteAudio:
    """What a remote engine is to recognise: an object in the audio store that the provider reads by itself."""

    uri: str
    audio_sec: float
    language: str  # the session's, such as `en` or `en-GB`
    channels: int
    speaker_channels: bool  # one speaker a channel: to be recognised apart


@dataclass(frozen=True)
class Running:
    """The operation is under way; `percent` is what the provider says of it, None where it says nothing."""

    percent: int | None


@dataclass(frozen=True)
class Recognised:
    """The operation is done; times are seconds from the beginning of its object, in order."""

    segments: tuple[Segment, ...]


class OperationGone(Exception):
    """The provider knows no such operation any more, or it was cancelled: there will be no result."""


class OperationFailed(Exception):
    """The operation has ended, without words: `error` says why. Asking about it again brings nothing else."""

    def __init__(self, error: TranscriptDeskError) -> None:
        super().__init__(str(error))
        self.error = error


class SubmissionUnknown(Exception):
    """Nobody can tell whether the provider has accepted the operation: it has to be searched for."""


class RemoteEngine(Protocol):
    """An engine that a provider runs. Every call ends within seconds and raises a `TranscriptDeskError` that says what
    is wrong: `ProviderBusy` (quota), `ProviderUnavailable`, `EngineRefused` (no permission), or the recording's fault.
    """

    name: str
    label: str
    languages: tuple[str, ...]
    longest_sec: float  # of audio in one operation; longer recordings are cut at silences

    def preload(self) -> None:
        """Imports the client, in the worker before it forks; makes no connection. Raises `EngineUnavailable`."""

    def takes(self, suffix: str, codec: str, channels: int) -> bool:
        """Whether the provider reads such a file as it is; others are converted to FLAC first."""

    def submit(self, audio: RemoteAudio) -> str:
        """The name of the new operation. Raises `SubmissionUnknown` unless it was certainly not accepted."""

    def find(self, uri: str, known: Collection[str]) -> str | None:
        """The newest operation on this object whose name is not in `known`; None when the provider has none."""

    def poll(self, operation: str, audio: RemoteAudio) -> Running | Recognised:
        """How the operation is. Raises `OperationGone`, or `OperationFailed` when it or its file ended badly."""

    def cancel(self, operation: str) -> None:
        """Asks for its end; `poll` tells when it has come. Nothing happens when it has ended already."""
