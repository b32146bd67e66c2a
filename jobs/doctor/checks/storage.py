"""Can a recording be written, read back and deleted?"""

import uuid
from collections.abc import Iterator
from contextlib import suppress

from jobs.doctor.finding import Finding, fine, in_short, wrong
from store.audio import audio_store, object_key
from store.settings import Settings

OWNER = "doctor"  # its objects lie apart, and what a crash leaves is swept as audio without a session
CONTENT = b"written by jobs.doctor, which deletes it again"


def audio(configured: Settings) -> Iterator[Finding]:
    """Writes a small object of its own, reads it back and deletes it."""
    store = audio_store()
    uri = ""
    try:
        with store.write(object_key(OWNER, uuid.uuid4(), "check.audio")) as writer:
            writer.write(CONTENT)
            uri = writer.finish().uri
        same = b"".join(store.read(uri)) == CONTENT
        store.delete(uri)
    except Exception as error:  # noqa: BLE001  a backend may raise errors of its own
        if uri:
            with suppress(Exception):
                store.delete(uri)
        yield wrong("audio store", f"{place(configured)}: {in_short(error)}", remedy(configured))
        return
    if same:
        yield fine("audio store", f"{place(configured)} can be written, read and deleted")
    else:
        yield wrong("audio store", f"{place(configured)} gave back something else than was written", remedy(configured))


def place(configured: Settings) -> str:
    """Where recordings lie."""
    if in_bucket(configured):
        return f"gs://{bucket_name(configured)}"
    return str(configured.audio_folder)


def remedy(configured: Settings) -> str:
    """What mends a store that cannot be used."""
    if in_bucket(configured):
        return "see the lines about the bucket below"
    return f"mkdir -p {configured.audio_folder} && chown $(id -u) {configured.audio_folder}, or AUDIO_DIR=/another/disk"


def in_bucket(configured: Settings) -> bool:
    """Whether recordings lie in Google Cloud Storage."""
    return configured.audio_store == "google"


def bucket_name(configured: Settings) -> str:
    """The bucket's name; empty when it is not set."""
    return configured.audio_bucket
