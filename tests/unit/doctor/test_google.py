"""What Google's refusals mean, and what to type."""

from collections.abc import Callable

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.rpc.error_details_pb2 import ErrorInfo

from jobs.doctor.__main__ import checks
from jobs.doctor.checks import google_speech, google_storage
from store.settings import settings

SettingsOf = Callable[..., None]


@pytest.mark.parametrize(
    ("error", "says", "fix"),
    [
        (
            exceptions.PermissionDenied("no", details=(), error_info=ErrorInfo(reason="SERVICE_DISABLED")),
            "not enabled in desk",
            "gcloud services enable speech.googleapis.com --project desk",
        ),
        (
            exceptions.PermissionDenied("Cloud Speech-to-Text API has not been used in project 1 before"),
            "not enabled in desk",
            "gcloud services enable speech.googleapis.com --project desk",
        ),
        (
            exceptions.PermissionDenied("no", error_info=ErrorInfo(reason="BILLING_DISABLED")),
            "no billing account",
            "gcloud billing projects link desk",
        ),
        (
            exceptions.PermissionDenied("Permission 'speech.recognizers.list' denied"),
            "refuses this account",
            "--role=roles/speech.editor",
        ),
        (exceptions.Unauthenticated("bad token"), "credentials", "GOOGLE_APPLICATION_CREDENTIALS"),
        (exceptions.ResourceExhausted("Quota exceeded"), "quota", "iam-admin/quotas?project=desk"),
        (exceptions.InvalidArgument("Expected resource location to be global"), "desk in mars", "GOOGLE_REGION"),
        (exceptions.DeadlineExceeded("504"), "mars-speech.googleapis.com cannot be reached", "GOOGLE_REGION"),
        (exceptions.ServiceUnavailable("503"), "mars-speech.googleapis.com cannot be reached", "GOOGLE_REGION"),
    ],
)
def test_a_refusal_of_the_speech_api(error: Exception, says: str, fix: str) -> None:
    finding = google_speech.refusal(error, "desk", "mars")
    assert finding.ok is False
    assert says in finding.says
    assert fix in finding.fix


def test_the_address_of_a_region() -> None:
    assert google_speech.address_of("eu") == "eu-speech.googleapis.com"
    assert google_speech.address_of("global") == "speech.googleapis.com"


def test_a_permission_that_is_missing_is_named_with_the_role_that_holds_it() -> None:
    granted = {"storage.objects.create", "storage.objects.get", "storage.objects.list"}
    finding = google_storage.permissions("desk-audio", granted, "serviceAccount:desk@example.iam.gserviceaccount.com")
    assert finding.ok is False
    assert finding.says == "gs://desk-audio does not grant storage.objects.delete"
    assert finding.fix == (
        "gcloud storage buckets add-iam-policy-binding gs://desk-audio "
        "--member=serviceAccount:desk@example.iam.gserviceaccount.com --role=roles/storage.objectUser"
    )
    assert google_storage.permissions("desk-audio", set(google_storage.NEEDED), "anybody").ok


def test_links_that_cannot_be_signed_are_no_fault() -> None:
    assert google_storage.signing(AnonymousCredentials()).ok is None
    assert google_storage.signing(object()).ok is None


def test_google_is_asked_only_where_it_is_used(settings_of: SettingsOf) -> None:
    def named() -> set[str]:
        return {check.name for check in checks(settings())}

    settings_of(google_project="", stt_engine="pocketsphinx")
    assert "speech API" not in named()
    settings_of(google_project="desk")
    assert {"speech API", "google account"} <= named()
