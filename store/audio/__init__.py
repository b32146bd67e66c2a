"""Where recordings lie: one protocol of four verbs, and the store that the settings choose."""

from functools import cache

from store.audio.local import LocalAudioStore
from store.audio.protocol import AudioNotFound, AudioStore, AudioWriter, StoredAudio, object_key, on_disk
from store.settings import settings

__all__ = ["AudioNotFound", "AudioStore", "AudioWriter", "StoredAudio", "audio_store", "object_key", "on_disk"]


@cache
def audio_store() -> AudioStore:
    """The audio store of this installation."""
    return LocalAudioStore(settings().audio_folder)
