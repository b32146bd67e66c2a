"""Where recordings lie: one protocol of a few verbs, and the store that the settings choose."""

from functools import cache

from store.audio.copies import on_disk, sweep_copies
from store.audio.local import LocalAudioStore
from store.audio.protocol import AudioNotFound, AudioStore, AudioStoreRefused, AudioWriter, StoredAudio, object_key

__all__ = [
    "AudioNotFound",
    "AudioStore",
    "AudioStoreRefused",
    "AudioWriter",
    "StoredAudio",
    "audio_store",
    "object_key",
    "on_disk",
    "sweep_copies",
]


@cache
def audio_store() -> AudioStore:
    """The audio store of this installation."""
    from store.settings import settings  # not above: the media sandbox knows this package's errors, and no settings

    if settings().audio_store == "google":
        from store.audio.google import GoogleAudioStore  # not above: a local store needs no client library

        return GoogleAudioStore(settings().audio_bucket)
    return LocalAudioStore(settings().audio_folder)
