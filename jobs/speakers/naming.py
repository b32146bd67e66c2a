"""What people do with the speakers of a transcript: name them, and swap two."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from jobs.policy import Person, on_behalf_of, scope_of
from jobs.retry_cancel import NotPossible, SessionNotFound
from store import audit, speaker_names
from store.audit import Action
from store.printable import printable
from store.session_queries import by_id
from store.speaker_names import MAX_NAME_CHARS, Voice
from store.states import LOOKS, Status

COACH, CLIENT = "Coach", "Client"
OTHER = {COACH: CLIENT, CLIENT: COACH}  # the two names that one click gives
Names = Mapping[str, str | None]  # by label; None: shown by the label


class SpeakerUnknown(ValueError):
    """The transcript has no such speaker."""


class NameTooLong(ValueError):
    """A speaker's name is too long."""


class TranscriptRemoved(LookupError):
    """The words were not to be kept longer, and the names went with them."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"The transcript was deleted on {at:%Y-%m-%d}, and its speakers with it.")
        self.at = at


def speakers(session_id: uuid.UUID, person: Person) -> list[Voice]:
    """The speakers of the session; empty before it is completed. SessionNotFound, TranscriptRemoved."""
    with on_behalf_of(person) as db:
        record = by_id(db, session_id, owner=scope_of(person))
        if record is None:
            raise SessionNotFound(f"There is no session {session_id}.")
        if record.transcript_deleted_at is not None:
            raise TranscriptRemoved(record.transcript_deleted_at)
        return speaker_names.voices(db, session_id)


def name_all(session_id: uuid.UUID, names: Names, person: Person) -> list[Voice]:
    """Name the session's speakers; a label that is left out, or whose name is empty, is shown again. Returns them.

    SessionNotFound, NotPossible, TranscriptRemoved, SpeakerUnknown, NameTooLong.
    """

    def all_of(found: Sequence[Voice]) -> Names:
        return dict.fromkeys(voice.label for voice in found) | dict(names)

    return _change(session_id, person, all_of)


def name_one(session_id: uuid.UUID, label: str, name: str, person: Person) -> list[Voice]:
    """Name one speaker, and of two the other one as well when it is Coach or Client. Raises as `name_all` does."""
    return _change(session_id, person, lambda found: named(found, label, name))


def swap(session_id: uuid.UUID, person: Person) -> list[Voice]:
    """Swap the names of the session's two speakers. Raises as `name_all` does."""
    return _change(session_id, person, swapped)


def named(found: Sequence[Voice], label: str, name: str) -> Names:
    """The names to write when this label is given this one. Of two voices, one of which is the coach, the other is the
    client, unless people have called it something else."""
    given: dict[str, str | None] = {label: name}
    others = [voice for voice in found if voice.label != label]
    if len(found) == 2 and len(others) == 1 and name in OTHER and (others[0].name is None or others[0].name in OTHER):
        given[others[0].label] = OTHER[name]
    return given


def swapped(found: Sequence[Voice]) -> Names:
    """The names to write when two voices were taken for each other."""
    if len(found) != 2:
        raise NotPossible("Two speakers can be swapped; this transcript does not have two.")
    first, second = found
    return {first.label: second.name, second.label: first.name}


def _change(session_id: uuid.UUID, person: Person, change: Callable[[Sequence[Voice]], Names]) -> list[Voice]:
    with on_behalf_of(person) as db:
        speaker_names.lock(db, session_id)
        record = by_id(db, session_id, owner=scope_of(person))
        if record is None:
            raise SessionNotFound(f"There is no session {session_id}.")
        if record.transcript_deleted_at is not None:
            raise TranscriptRemoved(record.transcript_deleted_at)
        if record.status is not Status.COMPLETED:
            state = LOOKS[record.status].label.lower()
            raise NotPossible(f"Speakers can be named once the transcript is complete; this session is {state}.")
        before = speaker_names.voices(db, session_id)
        wanted = {label: _checked(label, name, before) for label, name in change(before).items()}
        now = {voice.label: voice.name for voice in before}
        changes = {label: name for label, name in wanted.items() if name != now[label]}
        if changes:
            speaker_names.write(db, session_id, changes)
            audit.record(
                db, Action.NAMED, person.actor, session_id=session_id, detail=f"{len(changes)} of its speakers"
            )
        return speaker_names.voices(db, session_id)


def _checked(label: str, name: str | None, found: Sequence[Voice]) -> str | None:
    """The name as it is stored; None where the label itself is to be shown."""
    labels = [voice.label for voice in found]
    if label not in labels:
        known = " and ".join(filter(None, [", ".join(labels[:-1]), *labels[-1:]]))
        has = f"It has {known}." if known else "No speakers are told apart in it."
        raise SpeakerUnknown(f"This transcript has no speaker “{printable(label)[:MAX_NAME_CHARS]}”. {has}")
    shown = printable(name or "")
    if len(shown) > MAX_NAME_CHARS:
        raise NameTooLong(f"The name of a speaker may have {MAX_NAME_CHARS} characters; this one has {len(shown)}.")
    return shown if shown and shown != label else None
