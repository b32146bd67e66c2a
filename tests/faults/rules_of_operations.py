"""Nothing is paid for twice: what the provider accepted, against what the desk wrote down of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.faults.snapshot import OperationRow, SessionRow, Snapshot, by_session

Found = Iterator[tuple[str, str]]

FINAL = {"completed", "failed", "cancelled"}
WITHOUT_RESULT = {"lost", "failed", "cancelled"}


@dataclass(frozen=True)
class Accepted:
    """One operation as the provider tells it. Unix times in seconds."""

    name: str
    uri: str
    accepted_at: float
    ended_at: float | None
    outcome: str
    billed: bool
    truncated: bool

    @property
    def good(self) -> bool:
        """It gave, or is going to give, the words of the whole recording."""
        return self.outcome not in WITHOUT_RESULT and not (self.ended_at and (self.truncated or not self.billed))

    def gone_by(self, at: float) -> bool:
        """Whether a second one was due at that time: this had ended, without words."""
        return not self.good and self.ended_at is not None and self.ended_at <= at


@dataclass(frozen=True)
class Provider:
    """What the provider has at the end: its operations in the order in which it accepted them, and the objects."""

    operations: list[Accepted] = field(default_factory=list)
    objects: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, accepted: list[dict[str, Any]], objects: list[str]) -> "Provider":
        """From what the suite's server says."""
        names = ("name", "accepted_at", "ended_at", "outcome", "billed", "truncated")
        return cls(
            [Accepted(uri=one["uris"][0], **{name: one[name] for name in names}) for one in accepted], set(objects)
        )


def paid_twice(snapshot: Snapshot, provider: Provider) -> Found:
    """Operations that were accepted although an earlier one of the same session was under way, or had its words."""
    for session_id, accepted in by_owner(snapshot, provider).items():
        for number, later in enumerate(accepted):
            for earlier in accepted[:number]:
                if earlier.uri == later.uri and not earlier.gone_by(later.accepted_at):
                    yield (
                        session_id,
                        f"paid twice: {later.name}, {_told(later)}, after {earlier.name}, {_told(earlier)}",
                    )
                    break


def misjudged(snapshot: Snapshot, provider: Provider) -> Found:
    """Operations of objects that nobody planned, and rows that tell of a result that there was not."""
    known = {row.audio_uri for row in snapshot.operations}
    told = {one.name: one for one in provider.operations}
    for one in provider.operations:
        if one.uri not in known:
            yield one.uri, f"{one.name} was accepted, and nobody had planned it"
    for row in snapshot.operations:
        accepted = told.get(row.name or "")
        if row.name and accepted is None:
            yield row.session_id, f"{row.name} was never accepted"
        if row.outcome == "recognised" and accepted and not (accepted.good and accepted.ended_at):
            yield row.session_id, f"{row.name} is recognised, and the provider says {_told(accepted)}"


def left_open(snapshot: Snapshot, provider: Provider) -> Found:
    """Rows of finished sessions that are open, operations that still run for them, and objects that nobody names."""
    sessions = {session.id: session for session in snapshot.sessions}
    for row in snapshot.operations:
        if row.ended_at is None and not _awaited(sessions.get(row.session_id), row):
            yield row.session_id, f"its operation {row.name or 'without a name'} has not ended"
    for session_id, accepted in by_owner(snapshot, provider).items():
        session = sessions.get(session_id)
        if session is None or session.status in FINAL:
            for one in accepted:
                if one.ended_at is None:
                    yield session_id, f"{one.name} still runs"
    named = {session.audio_uri for session in snapshot.sessions}
    named |= {row.audio_uri for row in snapshot.operations if row.converted and _unfinished(sessions, row)}
    for uri in sorted(provider.objects - named - {upload.audio_uri for upload in snapshot.uploads}):
        yield uri, "nobody names it, and the sweep has left it"


def by_owner(snapshot: Snapshot, provider: Provider) -> dict[str, list[Accepted]]:
    """The operations of each session, by the objects that were planned for it, the oldest first."""
    owners = {row.audio_uri: row.session_id for row in snapshot.operations}
    sorted_out: dict[str, list[Accepted]] = {}
    for one in sorted(provider.operations, key=lambda one: one.accepted_at):
        if one.uri in owners:
            sorted_out.setdefault(owners[one.uri], []).append(one)
    return sorted_out


def reattached(snapshot: Snapshot) -> int:
    """How often an attempt was lost while its operation was under way, and a later one went on with the same."""
    operations = by_session(snapshot.operations)
    return sum(
        operation.accepted_at is not None
        and operation.accepted_at < attempt.finished_at
        and operation.outcome == "recognised"
        and operation.ended_at is not None
        and operation.ended_at > attempt.finished_at
        for attempt in snapshot.attempts
        if attempt.outcome == "lost" and attempt.finished_at is not None
        for operation in operations.get(attempt.session_id, [])
    )


def _awaited(session: SessionRow | None, row: OperationRow) -> bool:
    """Whether an open row is as it should be: its words may still be had by whoever tries again."""
    return session is not None and session.status in {"failed", "cancelled"} and row.percent == 100


def _unfinished(sessions: dict[str, SessionRow], row: OperationRow) -> bool:
    return row.session_id in sessions and sessions[row.session_id].status != "completed"


def _told(one: Accepted) -> str:
    return f"{one.outcome}{', billed' if one.billed else ''}{', truncated' if one.truncated else ''}"
