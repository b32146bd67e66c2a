"""The engine `google`: hands recordings to Google Speech-to-Text, and asks later how they are."""

import logging
from collections.abc import Callable, Collection
from typing import TypeVar

from jobs.engines.google import requests, results
from jobs.engines.google.client import SpeechConnection
from jobs.engines.google.errors import GOOGLES, Asked, not_accepted, said, translated
from jobs.engines.protocol import OperationFailed, OperationGone, Recognised, RemoteAudio, Running, SubmissionUnknown
from jobs.errors import EngineUnavailable, TranscriptDeskError
from store.settings import settings

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class Google:
    """Implements `protocol.RemoteEngine`."""

    name = "google"
    label = "Google Speech-to-Text"
    languages = ("en", "de", "fr", "es", "it", "pt")

    def __init__(self) -> None:
        self.longest_sec = requests.longest_sec(settings())
        self._connection = SpeechConnection()

    def preload(self) -> None:
        """Google's library was imported with this module (0.3 s). Raises `EngineUnavailable` without a project."""
        if not settings().google_project:
            raise EngineUnavailable(detail="GOOGLE_PROJECT is empty: it names the Google Cloud project to use")

    def takes(self, suffix: str, codec: str, channels: int) -> bool:
        """As `requests.takes`. Of two channels Google recognises the first alone unless `speaker_channels` is asked
        for, so other stereo has to be mixed to mono first.
        """
        return requests.takes(suffix, codec, channels)

    def submit(self, audio: RemoteAudio) -> str:
        """The name of the new operation, as `protocol.RemoteEngine.submit`.

        Raises the desk's error only where Google has said no, or could not be asked; `SubmissionUnknown` otherwise.
        """
        self.preload()
        request = requests.batch_request(audio, settings())
        self._asked(Asked.NEW_OPERATION, self._connection.client)  # whatever is wrong before anything is sent
        logger.info("Sending audio to STT provider: %s", audio.uri)
        try:
            return self._connection.batch_recognize(request)
        except Exception as exc:  # a fault of the library, too, may come after Google has accepted
            if not_accepted(exc):
                raise translated(exc, Asked.NEW_OPERATION) from exc
            raise SubmissionUnknown(said(exc)) from exc

    def find(self, uri: str, known: Collection[str]) -> str | None:
        """The newest operation on this object that is not `known`. Reads all that Google still has (five days)."""
        return self._asked(Asked.NEW_OPERATION, lambda: self._newest(uri, known))

    def poll(self, operation: str, audio: RemoteAudio) -> Running | Recognised:
        """How the operation is, as `protocol.RemoteEngine.poll`."""
        found = self._asked(Asked.OPERATION, lambda: self._connection.get_operation(operation))
        try:
            return results.state(found, audio)
        except TranscriptDeskError as error:
            raise OperationFailed(error) from error

    def cancel(self, operation: str) -> None:
        """Asks Google to end the operation; one that it does not know has ended."""
        try:
            self._asked(Asked.OPERATION, lambda: self._connection.cancel_operation(operation))
        except OperationGone:
            logger.info("Google knows no operation %s to cancel", operation)

    def close(self) -> None:
        """Ends this process's connection; the next call makes another."""
        self._connection.close()

    def _newest(self, uri: str, known: Collection[str]) -> str | None:
        newest = None
        for operation in self._connection.operations(requests.parent(settings())):
            if operation.name in known:
                continue
            about = results.metadata(operation)
            if uri in results.requested_uris(about):
                found = (results.created_sec(about), operation.name)
                newest = max(newest or found, found)
        return newest[1] if newest else None

    def _asked(self, asked: Asked, call: Callable[[], Answer]) -> Answer:
        """What the call returns; what Google's library raises is translated."""
        try:
            return call()
        except GOOGLES as exc:
            raise translated(exc, asked) from exc
