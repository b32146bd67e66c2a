"""The connection to Google: made at the first call of each process, with a time limit on every call.

RQ forks a process for each job and gRPC does not survive a fork: a client that was made before it is never used, and
never closed either, because closing it would wait for threads that the fork has left behind.
"""

import os
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import grpc
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud.speech_v2 import BatchRecognizeRequest, SpeechClient
from google.cloud.speech_v2.services.speech.transports import SpeechGrpcTransport
from google.longrunning import operations_pb2

from jobs.errors import ProviderUnavailable
from store.settings import Settings, settings

PAGE_SIZE = 200
LOOK_AGAIN_SEC = 1.0  # so long a worker asks again how an operation is; the next look comes anyhow
LIST_FACTOR = 6  # a list of operations may take this many times as long as one call
OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),  # the words of eight hours come in one message
]


class SpeechConnection:
    """Google's client of this process. Each call raises what Google's library raises, see `errors`."""

    def __init__(self) -> None:
        self._client: SpeechClient | None = None
        self._made_by = 0
        self._inherited: list[SpeechClient] = []  # so that nothing closes them

    def batch_recognize(self, request: BatchRecognizeRequest) -> str:
        """The name of the new operation. Sent once, never again by itself."""
        future = self.client().batch_recognize(request=request, retry=None, timeout=settings().google_timeout_sec)
        name: str = future.operation.name
        return name

    def get_operation(self, name: str) -> operations_pb2.Operation:
        timeout_sec = settings().google_timeout_sec
        return self.client().get_operation({"name": name}, retry=_again(LOOK_AGAIN_SEC), timeout=timeout_sec)

    def cancel_operation(self, name: str) -> None:
        timeout_sec = settings().google_timeout_sec
        self.client().cancel_operation({"name": name}, retry=_again(timeout_sec), timeout=timeout_sec)

    def operations(self, parent: str) -> Iterator[operations_pb2.Operation]:
        """All operations below `parent`, page by page. Raises `ProviderUnavailable` when that takes too long."""
        timeout_sec = settings().google_timeout_sec
        deadline = time.monotonic() + LIST_FACTOR * timeout_sec
        page_token = ""
        while True:
            request = {"name": parent, "page_size": PAGE_SIZE, "page_token": page_token}
            page = self.client().list_operations(request, retry=_again(timeout_sec), timeout=timeout_sec)
            yield from page.operations
            page_token = page.next_page_token
            if not page_token:
                return
            if time.monotonic() > deadline:
                raise ProviderUnavailable(detail=f"listing the operations took over {LIST_FACTOR * timeout_sec:g} s")

    def client(self) -> SpeechClient:
        """The client of this process; the first call reads the credentials. Raises google.auth's exceptions."""
        if self._client is not None and self._made_by != os.getpid():
            self._inherited.append(self._client)
            self._client = None
        if self._client is None:
            self._client, self._made_by = _client(settings()), os.getpid()
        return self._client

    def close(self) -> None:
        """Ends this process's connection; the next call makes another."""
        if self._client is not None and self._made_by == os.getpid():
            self._client.transport.close()
            self._client = None


def address(limits: Settings) -> str:
    """Where Google listens for the region of the settings, as `host:port`."""
    named = limits.google_speech_endpoint
    if named:
        return urlsplit(named).netloc if "://" in named else named
    region = limits.google_region
    return "speech.googleapis.com" if region == "global" else f"{region}-speech.googleapis.com"


def _client(limits: Settings) -> SpeechClient:
    if limits.google_speech_endpoint.startswith("http://"):  # a stand-in for Google: no TLS, no credentials
        channel = grpc.insecure_channel(address(limits), options=[*OPTIONS, ("grpc.use_local_subchannel_pool", 1)])
        return SpeechClient(transport=SpeechGrpcTransport(host=address(limits), channel=channel))
    return SpeechClient(client_options=ClientOptions(api_endpoint=address(limits)))


def _again(timeout_sec: float) -> Retry:
    """For calls that change nothing when they come twice."""
    return Retry(
        predicate=if_exception_type(exceptions.ServiceUnavailable), initial=0.2, maximum=2.0, timeout=timeout_sec
    )
