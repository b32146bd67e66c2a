"""Google's services on this machine, for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.google_cloud.speech_calls import Caller
from tests.google_cloud.speech_fixtures import SpeechServer, cloud_speech, cloud_speech_process, speech_audio

__all__ = ["cloud_speech", "cloud_speech_process", "speech_audio"]


@pytest.fixture
def speech(cloud_speech: SpeechServer) -> Iterator[Caller]:
    """The real client of `cloud_speech`."""
    caller = Caller(cloud_speech)
    yield caller
    caller.close()
