"""A provider in memory that implements `jobs.engines.protocol.RemoteEngine`: what it accepted, and what it is told to
do wrong. The real one is driven over the wire in tests/integration/google_cloud."""

from collections.abc import Collection
from dataclasses import dataclass, field

from jobs.engines.protocol import (
    OperationGone,
    Recognised,
    RemoteAudio,
    Running,
    Segment,
    SubmissionUnknown,
)
from jobs.engines.registry import EngineEntry


@dataclass
class Accepted:
    """An operation at the provider."""

    name: str
    uri: str
    audio_sec: float
    percent: int | None = None
    done: bool = False
    gone: bool = False
    asked_to_end: bool = False


@dataclass
class Provider:
    """`failures` are raised by the next calls of a method, in their order."""

    operations: list[Accepted] = field(default_factory=list)
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    unseen: bool = False  # a submission of unknown outcome was not accepted
    longest_sec: float = 3600.0
    takes_all: bool = True
    name = "provider"
    label = "Provider"
    languages = ("en",)

    def preload(self) -> None:
        pass

    def takes(self, suffix: str, codec: str, channels: int) -> bool:
        return self.takes_all

    def submit(self, audio: RemoteAudio) -> str:
        error = self._call("submit")
        if error is None or (isinstance(error, SubmissionUnknown) and not self.unseen):
            self.operations.append(Accepted(f"operations/{len(self.operations) + 1}", audio.uri, audio.audio_sec))
        if error is not None:
            raise error
        return self.operations[-1].name

    def find(self, uri: str, known: Collection[str]) -> str | None:
        if error := self._call("find"):
            raise error
        return next((o.name for o in reversed(self.operations) if o.uri == uri and o.name not in known), None)

    def poll(self, operation: str, audio: RemoteAudio) -> Running | Recognised:
        if error := self._call("poll"):
            raise error
        found = self.of(operation)
        if found.gone:
            raise OperationGone(operation)
        if not found.done:
            return Running(found.percent)
        return Recognised((Segment(0.5, audio.audio_sec - 0.5, f"Words of {operation}"),))

    def cancel(self, operation: str) -> None:
        if error := self._call("cancel"):
            raise error
        self.of(operation).asked_to_end = True

    def of(self, name: str) -> Accepted:
        return next(operation for operation in self.operations if operation.name == name)

    def finish(self) -> None:
        for operation in self.operations:
            operation.done = True

    def fail(self, method: str, *errors: Exception) -> None:
        self.failures.setdefault(method, []).extend(errors)

    def _call(self, method: str) -> Exception | None:
        self.calls.append(method)
        waiting = self.failures.get(method)
        return waiting.pop(0) if waiting else None


PROVIDER = EngineEntry("tests.instruments.provider:Provider", Provider.label, Provider.languages, remote=True)
