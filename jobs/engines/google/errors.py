"""What Google's exceptions mean for the desk, in one table.

The most specific class counts: `ResourceExhausted` and `Aborted` are `ClientError`s, as a bad request is, and an
exception that is not in the table is treated as the nearest of its bases.
"""

from enum import Enum

import grpc
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from jobs.engines.protocol import OperationGone
from jobs.errors import (
    AudioMissing,
    EngineRefused,
    EngineUnavailable,
    LanguageNotSupported,
    ProviderBusy,
    ProviderUnavailable,
    RecognitionFailed,
    RecordingRefused,
    TranscriptDeskError,
)

LONGEST_DETAIL = 500
GOOGLES = (api.GoogleAPIError, auth.GoogleAuthError, grpc.RpcError)  # whatever a call may raise

TABLE: dict[type[BaseException], type[TranscriptDeskError]] = {
    # what Google answers
    api.GoogleAPIError: ProviderUnavailable,
    api.BadRequest: RecordingRefused,  # INVALID_ARGUMENT, OUT_OF_RANGE
    api.FailedPrecondition: EngineRefused,  # a bad request by its class, but the project's fault
    api.Unauthorized: EngineRefused,
    api.Forbidden: EngineRefused,
    api.NotFound: EngineRefused,  # the project, the region or the recogniser; of other things below
    api.MethodNotAllowed: EngineRefused,
    api.MethodNotImplemented: EngineRefused,  # the address leads to something else
    api.TooManyRequests: ProviderBusy,  # RESOURCE_EXHAUSTED
    api.DuplicateCredentialArgs: EngineUnavailable,
    api.AsyncRestUnsupportedParameterError: EngineUnavailable,
    grpc.RpcError: ProviderUnavailable,
    # what happens before anything is sent
    auth.GoogleAuthError: EngineRefused,
    auth.RefreshError: EngineRefused,
    auth.DefaultCredentialsError: EngineUnavailable,
    auth.MutualTLSChannelError: EngineUnavailable,
    auth.ClientCertError: EngineUnavailable,
    auth.TransportError: ProviderUnavailable,
    auth.TimeoutError: ProviderUnavailable,
    auth.ResponseError: ProviderUnavailable,
}

# Google has said no, so nothing was begun. After any other exception it may have been: UNAVAILABLE and
# DEADLINE_EXCEEDED come when the answer is lost, too
NOT_ACCEPTED = (
    *(api.BadRequest, api.Unauthorized, api.Forbidden, api.NotFound, api.MethodNotImplemented, api.TooManyRequests),
    *(auth.RefreshError, auth.DefaultCredentialsError),
)

NO_TOKEN = "Getting metadata from plugin failed"  # gRPC: UNAVAILABLE, although Google was never asked
TOKEN_REFUSED = ("invalid_", "unauthorized", "access_denied", "Reauthentication")  # in what the token's server said
OF_THE_SETTINGS = ("does not exist in the location", "does not support feature", "resource location", "resource name")
READING_ROLE = (
    "Google's service agent of Speech-to-Text, service-PROJECT_NUMBER@gcp-sa-speech.iam.gserviceaccount.com, needs the "
    "role roles/storage.objectViewer on the bucket"
)


class Asked(Enum):
    """What a call was about; it decides what NOT_FOUND means."""

    NEW_OPERATION = "new operation"
    OPERATION = "operation"


def translated(exc: BaseException, asked: Asked) -> TranscriptDeskError | OperationGone:
    """The desk's error for an exception of a call, with Google's message as its detail."""
    detail = said(exc)
    if isinstance(exc, api.NotFound) and asked is Asked.OPERATION:
        return OperationGone(detail)
    return _error_class(exc)(detail=detail)


def not_accepted(exc: BaseException) -> bool:
    """Whether a submission that ended so has certainly not begun an operation."""
    return isinstance(exc, NOT_ACCEPTED) or NO_TOKEN in str(exc)


def of_operation(code: int, message: str) -> TranscriptDeskError | OperationGone:
    """The desk's error for an operation, or a file of one, that ended with this google.rpc.Status."""
    exc = api.from_grpc_status(code, message)
    detail = said(exc)
    if isinstance(exc, api.Cancelled):
        return OperationGone(detail)
    if isinstance(exc, api.NotFound):
        return AudioMissing(detail=detail)
    if isinstance(exc, api.Forbidden):
        return EngineRefused(detail=f"{READING_ROLE} ({detail})")
    found = _error_class(exc)
    # Google was reached, but did not get to the end
    return RecognitionFailed(detail=detail) if found is ProviderUnavailable else found(detail=detail)


def said(exc: BaseException) -> str:
    """The exception's class and message in one short line."""
    message = exc.message if isinstance(exc, api.GoogleAPICallError) else str(exc)
    return f"{type(exc).__name__}: {' '.join(str(message).split())}"[:LONGEST_DETAIL]


def _error_class(exc: BaseException) -> type[TranscriptDeskError]:
    message = str(exc)
    if NO_TOKEN in message:
        return EngineRefused if any(word in message for word in TOKEN_REFUSED) else ProviderUnavailable
    if isinstance(exc, api.BadRequest) and "language" in message and "not supported" in message:
        return LanguageNotSupported
    if isinstance(exc, api.BadRequest) and any(words in message for words in OF_THE_SETTINGS):
        return EngineRefused  # every recording would be refused
    if isinstance(exc, auth.GoogleAuthError) and exc.retryable:
        return ProviderUnavailable
    return next((TABLE[base] for base in type(exc).__mro__ if base in TABLE), ProviderUnavailable)
