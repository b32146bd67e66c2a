"""The sample recording, submitted like any other file."""

import uuid
from pathlib import Path

from jobs.policy import Person
from jobs.submit import Submission, Wishes, examine, submit
from store.audio import audio_store, object_key

SAMPLE = Path(__file__).resolve().parents[1] / "sample" / "coaching-dialogue.flac"


def submit_sample(person: Person) -> Submission:
    """Upload and start the sample recording for this person."""
    session_id, owner = uuid.uuid4(), person.account_id
    with audio_store().write(object_key(owner, session_id, SAMPLE.name)) as writer:
        writer.write(SAMPLE.read_bytes())
        stored = writer.finish()
    recording = examine(stored, session_id=session_id, owner=owner, filename=SAMPLE.name)
    return submit(recording, Wishes(title="Sample: a coaching dialogue"), person=person)
