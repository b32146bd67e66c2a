"""The way to Google Cloud Storage: one client a process, how long it is waited for, and failures in plain words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, RetryError, Unauthorized
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.exceptions import TimeoutError as AuthTimeout
from google.cloud import storage  # type: ignore[attr-defined]  # it publishes no types
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from store.audio.protocol import AudioStoreRefused


@dataclass(frozen=True)
class Patience:
    """How long one request may take, and how long it is tried again while the store is away, in seconds."""

    connect_sec: float = 5.0
    silence_sec: float = 30.0
    retry_sec: float = 60.0
    first_wait_sec: float = 0.5

    @property
    def timeout(self) -> tuple[float, float]:
        return self.connect_sec, self.silence_sec

    @property
    def retry(self) -> Retry:
        """Only for what may be repeated: our names are never used twice, so that is every call we make."""
        waits: Retry = DEFAULT_RETRY.with_delay(initial=self.first_wait_sec, maximum=10.0)
        return waits.with_timeout(self.retry_sec)


class Clients:
    """The client of this process, made when it is first needed: a forked child must not share its parent's sockets."""

    def __init__(self) -> None:
        self._of_process: dict[int, storage.Client] = {}

    def client(self) -> storage.Client:
        """Takes STORAGE_EMULATOR_HOST and GOOGLE_APPLICATION_CREDENTIALS from the environment, as the library does."""
        own = self._of_process.get(os.getpid())
        if own is None:  # no lock, which a fork might copy locked; of two threads the first wins
            own = self._of_process.setdefault(os.getpid(), storage.Client(project=None))
        return own


@contextmanager
def reaching(place: str) -> Iterator[None]:
    """Every failure to reach `place` inside the block as an OSError with a sentence: AudioStoreRefused when waiting
    does not mend it. A 404 is refused too: callers whose object may be missing handle it first."""
    try:
        yield
    except RetryError as error:
        raise _named(place, error.cause or error) from error
    except (GoogleAPIError, GoogleAuthError, InvalidResponse, DataCorruption, HTTPError) as error:
        raise _named(place, error) from error
    except RequestException as error:
        raise _named(place, error) from error


def _named(place: str, error: BaseException) -> OSError:
    detail = str(error).partition("\n")[0][:300]
    if isinstance(error, Unauthorized | Forbidden):
        return AudioStoreRefused(f"{place} refuses this desk's credentials: {detail}")
    if isinstance(error, NotFound):
        return AudioStoreRefused(f"{place} does not exist: {detail}")
    if isinstance(error, GoogleAuthError) and not _passes(error):
        return AudioStoreRefused(f"There are no valid credentials for {place}: {detail}")
    return OSError(f"{place} cannot be reached: {detail}")


def _passes(error: GoogleAuthError) -> bool:
    return isinstance(error, TransportError | AuthTimeout) or bool(error.retryable)
