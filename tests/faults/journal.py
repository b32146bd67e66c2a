"""What the clients were told, written down as they were told it. With the database it is all that the checker sees."""

import threading
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Upload:
    """One recording that a client brings. `told_id` is the id that was acknowledged; None while none was."""

    number: int
    sha256: str
    size_bytes: int
    in_two_steps: bool = False  # stored first (POST /uploads), started later
    stored_id: str | None = None  # acknowledged by the first of the two steps
    told_id: str | None = None
    refused: str = ""  # an answer that no client should get: status and code
    tries: int = 0
    waited_sec: float = 0.0  # from the first try to the acknowledgement


@dataclass
class Act:
    """A cancellation or a retry by hand. `answer` is the HTTP status; None when no answer came."""

    session_id: str
    verb: str
    answer: int | None

    @property
    def done(self) -> bool:
        return self.answer == 200

    @property
    def unclear(self) -> bool:
        """It may have happened: no answer, or an error after what may have been the commit."""
        return self.answer is None or self.answer >= 500


@dataclass
class Journal:
    """Everything that all clients were told. Several threads write it."""

    uploads: list[Upload] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    answers_unclear: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self, upload: Upload) -> None:
        with self._lock:
            self.uploads.append(upload)

    def note(self, act: Act) -> None:
        with self._lock:
            self.acts.append(act)

    def count(self, verb: str, *, done: bool) -> dict[str, int]:
        """By session: how often this act was confirmed, or (not `done`) may have happened without confirmation."""
        counted: dict[str, int] = {}
        for act in self.acts:
            if act.verb == verb and (act.done if done else act.unclear):
                counted[act.session_id] = counted.get(act.session_id, 0) + 1
        return counted

    def to_json(self) -> dict[str, Any]:
        return {"uploads": [asdict(upload) for upload in self.uploads], "acts": [asdict(act) for act in self.acts]}
