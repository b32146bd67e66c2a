"""What tests ask of the Speech-to-Text server, through the real client."""

import io
import wave
from collections.abc import Iterator
from typing import Any

from google.api_core.operation import Operation
from google.cloud.speech_v2 import (
    AutoDetectDecodingConfig,
    BatchRecognizeFileMetadata,
    BatchRecognizeRequest,
    InlineOutputConfig,
    OperationMetadata,
    RecognitionConfig,
    RecognitionFeatures,
    RecognitionOutputConfig,
    SpeechClient,
)
from google.longrunning import operations_pb2

from tests.faults import recordings
from tests.google_cloud.speech_fixtures import PROJECT, REGION, SpeechServer
from tests.instruments.waiting import wait_until

PARENT = f"projects/{PROJECT}/locations/{REGION}"
TIMEOUT_SEC = 10.0


class Caller:
    """A client of one server."""

    def __init__(self, server: SpeechServer) -> None:
        self.client: SpeechClient = server.client()
        self._folder = server.folder

    def put(self, name: str, content: bytes) -> str:
        """The URI of a new object."""
        assert self._folder is not None
        path = self._folder / "audio" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return f"gs://audio/{name}"

    def submit(self, uri: str, *, timeout: float = TIMEOUT_SEC, **features: Any) -> Operation:
        return self.client.batch_recognize(request(uri, **features), timeout=timeout)

    def get(self, name: str) -> operations_pb2.Operation:
        return self.client.transport.operations_client.get_operation(name, retry=None, timeout=TIMEOUT_SEC)

    def cancel(self, name: str) -> None:
        self.client.transport.operations_client.cancel_operation(name, retry=None, timeout=TIMEOUT_SEC)

    def ended(self, operation: Operation) -> operations_pb2.Operation:
        """The operation when it has ended."""
        return wait_until(lambda: (found := self.get(operation.operation.name)).done and found)

    def names(self) -> list[str]:
        """Of every operation that ListOperations shows."""
        return [each.name for each in self.pages()]

    def pages(self) -> Iterator[operations_pb2.Operation]:
        listing = self.client.transport.operations_client.list_operations
        return iter(listing(PARENT, "", retry=None, timeout=TIMEOUT_SEC))

    def close(self) -> None:
        self.client.transport.close()


def request(*uris: str, **features: Any) -> BatchRecognizeRequest:
    """A request that Google accepts when there is one URI."""
    return BatchRecognizeRequest(
        recognizer=f"{PARENT}/recognizers/_",
        config=RecognitionConfig(
            auto_decoding_config=AutoDetectDecodingConfig(),
            model="long",
            language_codes=["en-US"],
            features=RecognitionFeatures(**features),
        ),
        files=[BatchRecognizeFileMetadata(uri=uri) for uri in uris],
        recognition_output_config=RecognitionOutputConfig(inline_response_config=InlineOutputConfig()),
    )


def metadata(operation: operations_pb2.Operation) -> OperationMetadata:
    return OperationMetadata.deserialize(operation.metadata.value)


def percentages(caller: Caller, operation: Operation) -> list[int]:
    """What was shown from now to the end, each value once in a row."""
    seen: list[int] = []

    def look() -> bool:
        found = caller.get(operation.operation.name)
        percent = metadata(found).progress_percent
        if not seen or seen[-1] != percent:
            seen.append(percent)
        return bool(found.done)

    wait_until(look)
    return seen


def stereo(left: bytes, right: bytes) -> bytes:
    """A WAV file of two channels, from two mono ones of `recordings.make`; as long as the shorter."""
    sounds = [recordings.samples_of(each) for each in (left, right)]
    length = min(map(len, sounds))
    frames = b"".join(part[at : at + 2] for at in range(0, length, 2) for part in sounds)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(recordings.BYTES_PER_SAMPLE)
        out.setframerate(recordings.SAMPLE_RATE)
        out.writeframes(frames)
    return file.getvalue()
