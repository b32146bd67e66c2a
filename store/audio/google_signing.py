"""Links to recordings: V4 signed URLs, by a service account's key or by IAM's signBlob."""

import logging
import time
from datetime import timedelta
from functools import partial
from typing import Any

from google.auth.credentials import Scoped
from google.auth.credentials import Signing as SigningCredentials
from google.auth.exceptions import GoogleAuthError
from google.auth.iam import Signer
from google.auth.transport.requests import Request
from google.cloud import storage  # type: ignore[attr-defined]  # it publishes no types
from requests.exceptions import RequestException

IAM_SCOPE = "https://www.googleapis.com/auth/cloud-platform"  # the storage client asks for storage alone
SIGNING_SEC = 5.0
REST_SEC = 300.0  # after a failure nobody waits for the next one for so long
log = logging.getLogger(__name__)


class Signing:
    """Signs while the credentials can. A failure is logged once, and costs nothing but the link."""

    def __init__(self) -> None:
        self._rests_until = float("-inf")
        self._logged = False
        self._by_google: SignedByGoogle | None = None

    def link(self, blob: storage.Blob, *, seconds: int, media_type: str, disposition: str) -> str | None:
        """Where anybody may GET (and HEAD) the object for so many seconds; None where that cannot be signed."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            credentials = self._signing(blob.client._credentials)  # the library offers no other way to what it found
            if credentials is None:
                return None
            return str(
                blob.generate_signed_url(
                    version="v4",
                    expiration=timedelta(seconds=seconds),
                    method="GET",
                    response_type=media_type,
                    response_disposition=disposition,
                    credentials=credentials,
                )
            )
        except (GoogleAuthError, RequestException) as error:
            self._rests_until = time.monotonic() + REST_SEC
            if not self._logged:
                self._logged = True
                log.warning("Recordings are streamed by the API, since no link to them can be signed: %s", error)
            return None

    def _signing(self, credentials: Any) -> SigningCredentials | None:
        """What signs for these credentials; None for an emulator's and a person's."""
        if isinstance(credentials, SigningCredentials):
            return credentials
        if getattr(credentials, "service_account_email", None) and self._by_google is None:
            self._by_google = SignedByGoogle(credentials)
        return self._by_google


class SignedByGoogle(SigningCredentials):
    """Credentials without a key, as a machine at Google has: IAM's signBlob signs for their service account."""

    def __init__(self, credentials: Any) -> None:
        ask = partial(Request(), timeout=SIGNING_SEC)
        if isinstance(credentials, Scoped):
            credentials = credentials.with_scopes([IAM_SCOPE])
        credentials.refresh(ask)  # only then a machine's account is known by its name
        self._email = str(credentials.service_account_email)
        self._signer = Signer(ask, credentials, self._email)

    def sign_bytes(self, message: bytes) -> bytes:
        return bytes(self._signer.sign(message))

    @property
    def signer_email(self) -> str:
        return self._email

    @property
    def signer(self) -> Signer:
        return self._signer
