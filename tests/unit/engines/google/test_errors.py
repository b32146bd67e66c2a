"""Every exception of Google's libraries has its meaning, and no new one can be forgotten."""

import inspect

import grpc
import pytest
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from jobs.engines.google.errors import LONGEST_DETAIL, Asked, not_accepted, of_operation, translated
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

API: dict[str, type[TranscriptDeskError]] = {
    **dict.fromkeys(["GoogleAPIError", "RetryError", "GoogleAPICallError"], ProviderUnavailable),
    **dict.fromkeys(["DuplicateCredentialArgs", "AsyncRestUnsupportedParameterError"], EngineUnavailable),
    **dict.fromkeys(["Redirection", "MovedPermanently", "NotModified", "TemporaryRedirect"], ProviderUnavailable),
    **dict.fromkeys(["ResumeIncomplete", "ClientError", "LengthRequired", "PreconditionFailed"], ProviderUnavailable),
    **dict.fromkeys(["BadRequest", "InvalidArgument", "OutOfRange"], RecordingRefused),
    **dict.fromkeys(["FailedPrecondition", "NotFound", "MethodNotAllowed", "MethodNotImplemented"], EngineRefused),
    **dict.fromkeys(["Unauthorized", "Unauthenticated", "Forbidden", "PermissionDenied"], EngineRefused),
    **dict.fromkeys(["TooManyRequests", "ResourceExhausted"], ProviderBusy),
    **dict.fromkeys(["Conflict", "AlreadyExists", "Aborted", "Cancelled"], ProviderUnavailable),
    **dict.fromkeys(["RequestRangeNotSatisfiable", "ServerError", "InternalServerError"], ProviderUnavailable),
    **dict.fromkeys(["Unknown", "DataLoss", "BadGateway", "ServiceUnavailable"], ProviderUnavailable),
    **dict.fromkeys(["GatewayTimeout", "DeadlineExceeded", "ResumableTransferError"], ProviderUnavailable),
    **dict.fromkeys(["TransferStalledError", "UnseekableStreamError"], ProviderUnavailable),
    **dict.fromkeys(["UploadCancelledError", "MissingStatusHeaderError"], ProviderUnavailable),
}
AUTH: dict[str, type[TranscriptDeskError]] = {
    **dict.fromkeys(["GoogleAuthError", "RefreshError", "UserAccessTokenError", "OAuthError"], EngineRefused),
    **dict.fromkeys(["ReauthFailError", "ReauthSamlChallengeFailError"], EngineRefused),
    **dict.fromkeys(["TransportError", "TimeoutError", "ResponseError"], ProviderUnavailable),
    **dict.fromkeys(["DefaultCredentialsError", "MalformedError", "InvalidResource"], EngineUnavailable),
    **dict.fromkeys(["InvalidOperation", "InvalidValue", "InvalidType", "OSError"], EngineUnavailable),
    **dict.fromkeys(["MutualTLSChannelError", "ClientCertError"], EngineUnavailable),
}


def exceptions_of(module) -> dict[str, type[BaseException]]:
    return {
        name: found
        for name, found in vars(module).items()
        if inspect.isclass(found) and issubclass(found, BaseException) and found.__module__ == module.__name__
    }


def made(cls: type[BaseException]) -> BaseException:
    if issubclass(cls, api.RetryError):
        return cls("it did not pass", api.ServiceUnavailable("down"))
    return cls("what Google said")


@pytest.mark.parametrize(("module", "meanings"), [(api, API), (auth, AUTH)])
def test_every_class_of_the_library_has_its_meaning(module, meanings) -> None:
    found = exceptions_of(module)
    assert set(found) == set(meanings), "say in jobs.engines.google.errors what the new ones mean"
    met = {name: type(translated(made(cls), Asked.NEW_OPERATION)) for name, cls in found.items()}
    assert met == meanings


@pytest.mark.parametrize("cls", [grpc.RpcError, grpc.FutureTimeoutError])
def test_a_bare_grpc_error_is_the_providers(cls: type[Exception]) -> None:
    assert type(translated(cls(), Asked.OPERATION)) is ProviderUnavailable


def test_what_is_not_found_depends_on_what_was_asked() -> None:
    missing = api.NotFound("Operation “x” not found")
    assert isinstance(translated(missing, Asked.OPERATION), OperationGone)
    assert type(translated(missing, Asked.NEW_OPERATION)) is EngineRefused


def test_only_what_google_refused_is_certainly_not_accepted() -> None:
    certain = {name for name, cls in exceptions_of(api).items() if not_accepted(made(cls))}
    assert certain == {
        *("BadRequest", "InvalidArgument", "FailedPrecondition", "OutOfRange", "NotFound", "MethodNotImplemented"),
        *("Unauthorized", "Unauthenticated", "Forbidden", "PermissionDenied", "TooManyRequests", "ResourceExhausted"),
    }
    assert not_accepted(auth.RefreshError("expired"))
    assert not_accepted(auth.DefaultCredentialsError("none"))
    assert not not_accepted(auth.TransportError("lost"))
    assert not not_accepted(grpc.RpcError())
    assert not not_accepted(ValueError())


@pytest.mark.parametrize(
    ("because", "meaning"),
    [
        ("('invalid_grant: Bad Request', {'error': 'invalid_grant'})", EngineRefused),
        ("HTTPSConnectionPool(host='oauth2.googleapis.com'): Max retries exceeded", ProviderUnavailable),
    ],
)
def test_a_token_that_could_not_be_had_comes_as_unavailable(because: str, meaning: type[TranscriptDeskError]) -> None:
    exc = api.ServiceUnavailable(f"Getting metadata from plugin failed with error: {because}")
    assert type(translated(exc, Asked.NEW_OPERATION)) is meaning
    assert not_accepted(exc)


def test_a_refresh_that_may_pass_is_not_a_refusal() -> None:
    exc = auth.RefreshError("The metadata server is busy", retryable=True)
    assert type(translated(exc, Asked.OPERATION)) is ProviderUnavailable


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ('The model "lang" does not exist in the location named "eu".', EngineRefused),
        ("Recognizer does not support feature: word_level_confidence", EngineRefused),
        ("Expected resource location to be eu, but found us in resource name.", EngineRefused),
        ('The language "xx" is not supported by the model "long" in the location named "eu".', LanguageNotSupported),
        ("Audio data does not appear to be in a supported encoding.", RecordingRefused),
    ],
)
def test_a_setting_that_google_refuses_is_not_the_recordings_fault(message, meaning) -> None:
    assert type(translated(api.InvalidArgument(message), Asked.NEW_OPERATION)) is meaning


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("CANCELLED", OperationGone),
        ("NOT_FOUND", AudioMissing),
        ("RESOURCE_EXHAUSTED", ProviderBusy),
        ("INVALID_ARGUMENT", RecordingRefused),
        ("OUT_OF_RANGE", RecordingRefused),
        ("PERMISSION_DENIED", EngineRefused),
        ("UNAUTHENTICATED", EngineRefused),
        ("FAILED_PRECONDITION", EngineRefused),
        ("UNIMPLEMENTED", EngineRefused),
        *[
            (code, RecognitionFailed)
            for code in ("INTERNAL", "UNAVAILABLE", "UNKNOWN", "DEADLINE_EXCEEDED", "ABORTED", "DATA_LOSS")
        ],
        ("ALREADY_EXISTS", RecognitionFailed),
    ],
)
def test_what_an_operation_ended_with(code: str, meaning: type[Exception]) -> None:
    error = of_operation(grpc.StatusCode[code].value[0], "Google's words")
    assert type(error) is meaning
    assert "Google's words" in (getattr(error, "detail", "") or str(error))


def test_every_code_was_thought_of() -> None:
    codes = {code.value[0] for code in grpc.StatusCode} - {0}
    assert all(isinstance(of_operation(code, ""), TranscriptDeskError | OperationGone) for code in [*codes, 77])


def test_a_bucket_that_google_may_not_read_names_the_role() -> None:
    error = of_operation(grpc.StatusCode.PERMISSION_DENIED.value[0], "no access")
    assert isinstance(error, EngineRefused)
    assert "roles/storage.objectViewer" in (error.detail or "")
    assert "gcp-sa-speech" in (error.detail or "")


def test_the_detail_is_one_short_line() -> None:
    error = translated(api.InternalServerError("one\ntwo " + "x" * 5000), Asked.OPERATION)
    assert isinstance(error, ProviderUnavailable)
    assert (error.detail or "").startswith("InternalServerError: one two xxx")
    assert len(error.detail or "") == LONGEST_DETAIL
