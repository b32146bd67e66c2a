"""When to look at a provider's operation again. Pure."""

import random

from store.settings import settings

LOOKS_PER_RECORDING = 60  # an hour of audio is looked at once a minute
LONGEST_BACKOFF_SEC = 600.0


def next_look_sec(audio_sec: float, refusals: int = 0) -> float:
    """Seconds until the next look at an operation on so much audio.

    A sixtieth of the audio's length, between POLL_SEC and POLL_CAP_SEC; after calls that the provider did not serve it
    doubles with each of them, up to ten minutes, with jitter of up to a fifth.
    """
    calm = min(max(audio_sec / LOOKS_PER_RECORDING, settings().poll_sec), settings().poll_cap_sec)
    if refusals == 0:
        return calm
    return float(min(calm * 2**refusals, LONGEST_BACKOFF_SEC) * random.uniform(0.8, 1.0))
