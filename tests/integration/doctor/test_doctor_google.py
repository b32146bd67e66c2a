"""The doctor's questions to Google, answered by the servers that stand in for it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("tests.google_cloud.fixtures", reason="the storage server is not here")
pytest.importorskip("tests.google_cloud.speech_fixtures", reason="the speech server is not here")

from jobs.doctor.checks import google_account, google_speech, google_storage, storage
from jobs.doctor.finding import Finding
from store.settings import settings
from tests.google_cloud.speech_fixtures import PROJECT, REGION, cloud_speech, cloud_speech_process, speech_audio

if TYPE_CHECKING:
    from tests.google_cloud.fixtures import CloudStorage
    from tests.google_cloud.speech_fixtures import SpeechServer

__all__ = ["cloud_speech", "cloud_speech_process", "speech_audio"]
SettingsOf = Callable[..., None]


def by_name(found: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in found}


@pytest.fixture
def speech_here(cloud_speech: "SpeechServer", settings_of: SettingsOf) -> "SpeechServer":
    settings_of(
        stt_engine="google",
        google_project=PROJECT,
        google_region=REGION,
        google_speech_endpoint=f"http://{cloud_speech.address}",
    )
    return cloud_speech


def test_a_bucket_that_is_well(audio_in_cloud: "CloudStorage") -> None:
    found = by_name(google_storage.bucket(settings()))
    assert found["bucket"].ok
    assert found["signed links"].ok is None
    assert by_name(storage.audio(settings()))["audio store"].ok
    assert audio_in_cloud.names() == []


def test_a_bucket_that_is_not_there(audio_in_cloud: "CloudStorage", settings_of: SettingsOf) -> None:
    settings_of(audio_bucket="no-such-bucket")
    finding = by_name(google_storage.bucket(settings()))["bucket"]
    assert (finding.ok, "gcloud storage buckets create gs://no-such-bucket" in finding.fix) == (False, True)


def test_a_bucket_that_refuses_this_account(audio_in_cloud: "CloudStorage") -> None:
    audio_in_cloud.fault(on="check", status=403)
    finding = by_name(google_storage.bucket(settings()))["bucket"]
    assert (finding.ok, google_storage.ROLE in finding.fix) == (False, True)


def test_a_bucket_that_has_a_fault_of_its_own(audio_in_cloud: "CloudStorage") -> None:
    audio_in_cloud.fault(on="check", status=503)
    finding = by_name(google_storage.bucket(settings()))["bucket"]
    assert (finding.ok, "cannot be reached" in finding.says) == (False, True)


def test_a_bucket_that_does_not_answer(audio_in_cloud: "CloudStorage") -> None:
    audio_in_cloud.fault(on="check", hang_sec=google_storage.CALL_SEC * 3)
    finding = by_name(google_storage.bucket(settings()))["bucket"]
    assert (finding.ok, "cannot be reached" in finding.says) == (False, True)


def test_emulators_need_no_account(audio_in_cloud: "CloudStorage", speech_here: "SpeechServer") -> None:
    [finding] = google_account.account(settings())
    assert (finding.ok, "emulator" in finding.says) == (None, True)


def test_the_speech_api_answers(speech_here: "SpeechServer") -> None:
    found = by_name(google_speech.speech(settings()))
    assert (found["project"].ok, found["speech API"].ok, found["speech rights"].ok) == (True, True, None)
    assert speech_here.calls() == {"ListRecognizers": 1}


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        ("PERMISSION_DENIED", "add-iam-policy-binding"),
        ("UNAUTHENTICATED", "GOOGLE_APPLICATION_CREDENTIALS"),
        ("RESOURCE_EXHAUSTED", "iam-admin/quotas"),
        ("UNAVAILABLE", "status.cloud.google.com"),
    ],
)
def test_the_speech_api_refuses(code: str, fix: str, speech_here: "SpeechServer") -> None:
    speech_here.fault(method="ListRecognizers", code=code)
    finding = by_name(google_speech.speech(settings()))["speech API"]
    assert (finding.ok, fix in finding.fix) == (False, True)


def test_the_speech_api_does_not_answer(speech_here: "SpeechServer") -> None:
    speech_here.fault(method="ListRecognizers", hang_sec=google_speech.CALL_SEC * 3)
    assert by_name(google_speech.speech(settings()))["speech API"].ok is False


def test_a_region_that_is_not_served(speech_here: "SpeechServer", settings_of: SettingsOf) -> None:
    settings_of(google_region="us")
    finding = by_name(google_speech.speech(settings()))["speech API"]
    assert (finding.ok, "GOOGLE_REGION" in finding.fix) == (False, True)
