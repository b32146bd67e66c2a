"""What an engine is given and what it gives back. Engines never touch a session's status or the database."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from jobs.media.silences import Chunk


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

    def to_json(self) -> dict[str, Any]:
        """As plain dicts and lists, for a JSON column."""
        return asdict(self) | {"words": [asdict(word) for word in self.words]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Segment":
        """The segment that `to_json` wrote; raises `TypeError` for anything else."""
        return cls(**value | {"words": tuple(Word(**word) for word in value.get("words", ()))})


@dataclass(frozen=True)
class ChunkDone:
    """A chunk is finished; its segments may be none when nobody spoke."""

    chunk: Chunk
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class AudioDone:
    """`audio_sec` more seconds of audio have been recognised since the last `AudioDone`, in whichever chunks."""

    audio_sec: float


class Recogniser(Protocol):
    """Recognising processes that stand ready."""

    def recognise(self, pcm: Path, chunks: Sequence[Chunk]) -> Iterator[ChunkDone | AudioDone]:
        """Yields events as they come, chunks in any order; the `AudioDone`s sum to the length of `chunks`.

        An `AudioDone` comes at most about four times a second, and always before the `ChunkDone` that it completes.
        Closing the iterator ends the recognising processes. Raises `RecognitionFailed`.
        """


class InProcessEngine(Protocol):
    """An engine that recognises on this machine, in child processes of the worker."""

    name: str
    label: str
    languages: tuple[str, ...]

    def preload(self) -> None:
        """Loads the model, once, in the worker before it forks. Raises `EngineUnavailable`."""

    def recogniser(self, processes: int) -> AbstractContextManager[Recogniser]:
        """Forks `processes` children at once: enter it before any thread or database connection exists.

        Leaving it ends the children within a second. They also die with the worker.
        """
