"""Every operation that was ever accepted, in memory and in a file that outlives the process.

The file is an SQLite database without fsync: what was written survives SIGKILL of the server, not of the machine.
"""

import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from google.cloud.speech_v2 import BatchRecognizeRequest, BatchRecognizeResponse
from google.rpc import status_pb2

from tests.google_cloud.behaviours import Orders

CANCELLED = 1  # google.rpc.Code
TABLE = """
CREATE TABLE IF NOT EXISTS operation (
    number INTEGER PRIMARY KEY, name TEXT UNIQUE, request BLOB, orders TEXT, accepted_at REAL, ended_at REAL,
    outcome TEXT, billed INTEGER, deleted INTEGER, response BLOB, error BLOB
)
"""
COLUMNS = "number, name, request, orders, accepted_at, ended_at, outcome, billed, deleted, response, error"


class Outcome(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # accepted, and never heard of again


@dataclass
class Share:
    """How far one file of an operation is: `done` (0..1) as reported, or what the clock says since `began`."""

    pace: float = 0.0  # seconds a second of audio, where the recogniser obeys
    done: float = 0.0
    began: float = 0.0
    lasts_sec: float | None = None

    def runs(self, lasts_sec: float) -> None:
        """It is going to be done in so many seconds from now."""
        self.began, self.lasts_sec = time.monotonic(), lasts_sec

    @property
    def fraction(self) -> float:
        if not self.lasts_sec:
            return self.done
        return min(1.0, (time.monotonic() - self.began) / self.lasts_sec)


@dataclass
class Operation:
    """One accepted BatchRecognize. Times are Unix times in seconds."""

    number: int
    name: str
    request: BatchRecognizeRequest
    orders: Orders
    accepted_at: float
    ended_at: float | None = None
    outcome: Outcome = Outcome.RUNNING
    billed: bool = False
    deleted: bool = False
    response: BatchRecognizeResponse | None = None
    error: status_pb2.Status | None = None
    shares: dict[str, Share] = field(default_factory=dict)

    @property
    def uris(self) -> list[str]:
        return [file.uri for file in self.request.files]

    @property
    def ended(self) -> bool:
        return self.outcome is not Outcome.RUNNING

    @property
    def known(self) -> bool:
        """Whether GetOperation finds it."""
        return self.outcome is not Outcome.LOST and not self.deleted

    @property
    def listed(self) -> bool:
        return self.known and time.time() >= self.accepted_at + self.orders.list_delay_sec

    @property
    def fraction(self) -> float:
        """How much of all its files has been done, 0..1."""
        return sum(share.fraction for share in self.shares.values()) / max(1, len(self.request.files))

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "uris": self.uris,
            "accepted_at": self.accepted_at,
            "ended_at": self.ended_at,
            "outcome": self.outcome,
            "billed": self.billed,
            "deleted": self.deleted,
            "truncated": self.orders.truncated,
        }


class Operations:
    """The operations by name. Used from the event loop's thread alone."""

    def __init__(self, state: Path) -> None:
        self._file = sqlite3.connect(state, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL").close()
        self._file.execute("PRAGMA synchronous=OFF").close()
        self._file.execute(TABLE).close()
        self._all = {operation.name: operation for operation in self._read()}

    def __iter__(self) -> Iterator[Operation]:
        """All that were ever accepted, the oldest first."""
        return iter(list(self._all.values()))

    def accept(self, parent: str, request: BatchRecognizeRequest, orders: Orders) -> Operation:
        """A new operation below `parent` (`projects/…/locations/…`); written before it returns."""
        number = 1 + max((operation.number for operation in self), default=0)
        name = f"{parent}/operations/{uuid.uuid4()}"
        operation = Operation(number, name, request, orders, accepted_at=time.time())
        if orders.lose_operation:
            operation.outcome, operation.ended_at, operation.billed = Outcome.LOST, operation.accepted_at, True
        self._all[name] = operation
        self._write(operation)
        return operation

    def find(self, name: str) -> Operation | None:
        """None for one that was lost or deleted, too."""
        operation = self._all.get(name)
        return operation if operation is not None and operation.known else None

    def listed(self, parent: str) -> list[Operation]:
        """What ListOperations may show below `parent`, the newest first."""
        return [operation for operation in self if operation.listed and operation.name.startswith(f"{parent}/")][::-1]

    def end(self, operation: Operation, outcome: Outcome, change: Callable[[Operation], None]) -> None:
        """Have it end, unless it has ended before; `change` sets its response or error."""
        if operation.ended:
            return
        operation.outcome, operation.ended_at = outcome, time.time()
        change(operation)
        self._write(operation)

    def delete(self, operation: Operation) -> None:
        operation.deleted = True
        self._write(operation)

    def forget(self) -> None:
        """As if none had ever been accepted."""
        self._all.clear()
        self._file.execute("DELETE FROM operation").close()

    def close(self) -> None:
        self._file.close()

    def _write(self, operation: Operation) -> None:
        row = (
            operation.number,
            operation.name,
            BatchRecognizeRequest.serialize(operation.request),
            json.dumps(asdict(operation.orders)),
            operation.accepted_at,
            operation.ended_at,
            operation.outcome,
            operation.billed,
            operation.deleted,
            operation.response and BatchRecognizeResponse.serialize(operation.response),
            operation.error and operation.error.SerializeToString(),
        )
        places = ", ".join("?" * len(row))
        self._file.execute(f"INSERT OR REPLACE INTO operation ({COLUMNS}) VALUES ({places})", row).close()

    def _read(self) -> Iterator[Operation]:
        for row in self._file.execute(f"SELECT {COLUMNS} FROM operation ORDER BY number").fetchall():
            number, name, request, orders, accepted_at, ended_at, outcome, billed, deleted, response, error = row
            yield Operation(
                number,
                name,
                BatchRecognizeRequest.deserialize(request),
                Orders(**json.loads(orders)),
                accepted_at,
                ended_at,
                Outcome(outcome),
                bool(billed),
                bool(deleted),
                None if response is None else BatchRecognizeResponse.deserialize(response),
                None if error is None else status_pb2.Status.FromString(error),
            )
