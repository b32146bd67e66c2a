"""From a stored recording to a session in the queue: probe, commit, and only then acknowledge and ring."""

import logging
import re
import uuid
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy.orm import Session

from jobs import board, doorbell, estimates_made, messages
from jobs.engines import registry
from jobs.engines.protocol import DETECT
from jobs.errors import FileTooLarge, TranscriptDeskError
from jobs.estimate import Expectation
from jobs.media.probe import AudioFacts, probe
from jobs.policy import Person, on_behalf_of
from store import audit, intake, session_queries
from store.audio import StoredAudio, audio_store, on_disk
from store.audit import Action
from store.database import transaction
from store.intake import Recording
from store.printable import printable
from store.settings import settings
from store.states import Priority

LONGEST_NAME = 200
LONGEST_SUFFIX = 10
SPEAKERS = {"one": "One person", "two": "Two people", "more": "More"}  # how many speak in a recording
log = logging.getLogger(__name__)


class IdempotencyKeyReused(TranscriptDeskError):
    """This Idempotency-Key was used before for another recording. Please send a new key with a new upload."""

    code = "idempotency-key-reused"


@dataclass(frozen=True)
class Wishes:
    """What the coach may choose; `check` raises the user's error for what cannot be."""

    title: str = ""
    language: str = DETECT
    engine: str = ""
    priority: str = "normal"
    speakers: str = "two"

    def check(self) -> "Wishes":
        """The same with defaults filled in: EngineUnknown, LanguageNotSupported, or ValueError for the others."""
        engine = self.engine.strip() or registry.default_engine()
        registry.check_engine(engine)
        language = registry.check_language(engine, self.language.strip() or DETECT)
        word = Priority.from_word(self.priority.strip() or "normal").word
        speakers = self.speakers.strip() or "two"
        if speakers not in SPEAKERS:
            raise ValueError(f"speakers: one of {', '.join(SPEAKERS)}")
        return Wishes(printable(self.title)[:LONGEST_NAME], language, engine, word, speakers)


@dataclass(frozen=True)
class Submission:
    """What became of an upload: `created` is False when the same Idempotency-Key had made the session before."""

    session_id: uuid.UUID
    duplicate_of: uuid.UUID | None
    created: bool = True


@dataclass(frozen=True)
class Prospect:
    """An upload as the coach sees it before it is started."""

    recording: Recording
    expectation: Expectation
    duplicate_of: uuid.UUID | None
    duplicate_title: str | None


def clean_filename(name: str) -> str:
    """The name to show: no folders, no control characters, at most 200 characters, the ending kept."""
    last = printable(re.split(r"[/\\]", name)[-1])
    suffix = PurePosixPath(last).suffix
    if len(suffix) > LONGEST_SUFFIX:  # a name with a dot in it, as in `Meeting 12.30 with Anna`
        suffix = ""
    short = last.removesuffix(suffix)[: LONGEST_NAME - len(suffix)].strip() + suffix
    return short if short.strip(". ") else "recording"


def examine(stored: StoredAudio, *, session_id: uuid.UUID, owner: str, filename: str) -> Recording:
    """Probe a stored recording. What cannot be a recording is deleted again and raises the user's error."""
    try:
        with on_disk(audio_store(), stored.uri, settings().scratch_folder) as path:
            facts = probe(path)
    except TranscriptDeskError:
        audio_store().delete(stored.uri)
        raise
    return Recording(
        id=session_id,
        owner=owner,
        audio_filename=clean_filename(filename),
        audio_uri=stored.uri,
        audio_size_bytes=stored.size_bytes,
        audio_sha256=stored.sha256,
        audio_format=_format(facts),
        duration_total=facts.duration_sec,
        duration_promised=facts.promised_sec,
        audio_codec=facts.codec,
        audio_channels=facts.channels,
        speaker_channels=facts.speaker_channels,
    )


def keep(recording: Recording, person: Person | None = None) -> Prospect:
    """Keep an upload until its coach starts it, and say what to expect."""
    with on_behalf_of(person) as db:
        intake.keep_upload(db, recording)
        _record(db, Action.UPLOADED, recording, person)
    return prospect(recording, person)


def prospect(recording: Recording, person: Person | None = None) -> Prospect:
    """What to expect of an upload, and whether the same bytes were uploaded before."""
    with on_behalf_of(person) as db:
        same = session_queries.with_same_bytes(db, recording.audio_sha256, owner=recording.owner)
    with transaction() as db:  # the product's own: estimates learn from everybody's sessions
        expected = board.expectation(db, registry.default_engine(), recording.duration_total)
    return Prospect(recording, expected, same.id if same else None, same.title if same else None)


def kept(person: Person) -> list[Prospect]:
    """The person's uploads that wait to be started, the oldest first."""
    with on_behalf_of(person) as db:
        recordings = intake.uploads_of(db, person.account_id)
    return [prospect(recording, person) for recording in recordings]


def find_kept(upload_id: uuid.UUID, person: Person) -> Prospect | None:
    """One of the person's uploads that wait; None when it is gone, or another coach's."""
    with on_behalf_of(person) as db:
        recording = intake.find_upload(db, upload_id, owner=person.account_id)
    return prospect(recording, person) if recording else None


def start(upload_id: uuid.UUID, person: Person, *, wishes: Wishes) -> Submission | None:
    """Make a kept upload a session and ring; None when it is gone (started elsewhere, discarded or swept)."""
    wishes = wishes.check()
    with on_behalf_of(person) as db:
        recording = intake.take_upload(db, upload_id, owner=person.account_id)
        if recording is None:
            return None
        same = session_queries.with_same_bytes(db, recording.audio_sha256, owner=person.account_id)
        _insert(db, recording, wishes, None, person)
        _record(db, Action.STARTED, recording, person)
    estimates_made.submitted(recording.id)
    doorbell.ring()
    return Submission(recording.id, same.id if same else None)


def submit(
    recording: Recording, wishes: Wishes, *, idempotency_key: str | None = None, person: Person | None = None
) -> Submission:
    """Make an examined recording a session in the queue, and ring. Returns once the row is committed.

    The same key again returns the first session and removes the second copy of the audio; for other bytes it raises
    IdempotencyKeyReused.
    """
    wishes = wishes.check()
    inserted, first = False, None
    while not inserted and first is None:  # again when the key's first session is deleted between the two statements
        with on_behalf_of(person) as db:
            same = session_queries.with_same_bytes(db, recording.audio_sha256, owner=recording.owner)
            inserted = _insert(db, recording, wishes, idempotency_key, person)
            if inserted:
                _record(db, Action.UPLOADED, recording, person)
            else:
                first = session_queries.with_idempotency_key(db, idempotency_key or "", owner=recording.owner)
    if first is not None:
        audio_store().delete(recording.audio_uri)
        if first.audio_sha256 != recording.audio_sha256:
            raise IdempotencyKeyReused
        return Submission(first.id, None, created=False)
    estimates_made.submitted(recording.id)
    doorbell.ring()
    return Submission(recording.id, same.id if same else None)


def discard(upload_id: uuid.UUID, person: Person) -> bool:
    """Forget an upload that was never started, and delete its audio."""
    with on_behalf_of(person) as db:
        recording = intake.take_upload(db, upload_id, owner=person.account_id)
        if recording is None:
            return False
        _record(db, Action.DELETED, recording, person)
    audio_store().delete(recording.audio_uri)
    return True


def check_size(size_bytes: int) -> None:
    """FileTooLarge, naming the limit, when an upload of this size is not accepted."""
    if size_bytes > settings().max_upload_bytes:
        limit = settings().max_upload_mb
        raise FileTooLarge(f"This file is larger than {limit} MB, the most this desk accepts. Export it as MP3 or M4A.")


def _record(db: Session, action: Action, recording: Recording, person: Person | None) -> None:
    if person is not None:
        audit.record(db, action, person.actor, session_id=recording.id)


def _insert(
    db: Session, recording: Recording, wishes: Wishes, idempotency_key: str | None, person: Person | None
) -> bool:
    language, by_default = registry.language_to_write(wishes.engine, wishes.language)
    return intake.insert_session(
        db,
        recording,
        title=wishes.title or PurePosixPath(recording.audio_filename).stem,
        language=language,
        language_detected=by_default,
        speakers=wishes.speakers,
        engine=wishes.engine,
        priority=Priority.from_word(wishes.priority),
        idempotency_key=idempotency_key,
        message=messages.WAITING,
        actor=person.acts_as(recording.owner) if person else recording.owner,
    )


def _format(facts: AudioFacts) -> str:
    channels = {1: "mono", 2: "stereo"}.get(facts.channels, f"{facts.channels} channels")
    return f"{facts.container}, {facts.sample_rate / 1000:g} kHz {channels}"
