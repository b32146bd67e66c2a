"""Does the Speech API answer this project in this region?"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from jobs.doctor.checks.google_account import SIGN_IN
from jobs.doctor.finding import Finding, fine, in_short, note, wrong
from store.settings import Settings

NAME = "speech API"
CALL_SEC = 3.0
PLAIN = "http://"


def speech(configured: Settings) -> Iterator[Finding]:
    """One cheap call, which lists recognizers: it costs nothing and changes nothing."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    project, region = configured.google_project, configured.google_region
    if not project:
        yield wrong(
            "project",
            "STT_ENGINE is google, and no project is named",
            "GOOGLE_PROJECT=…   (`gcloud config get-value project` shows yours)",
        )
        return
    yield fine("project", f"{project}, region {region}, model {configured.google_model}")
    try:
        with _client(configured) as client:
            first = {"parent": f"projects/{project}/locations/{region}", "page_size": 1}
            client.list_recognizers(request=first, timeout=CALL_SEC, retry=None)
    except DefaultCredentialsError:
        yield wrong(NAME, "it was not asked: there are no credentials", SIGN_IN)
        return
    except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
        yield refusal(error, project, region)
        return
    yield fine(NAME, f"it answers {project} in {region}")
    yield note(
        "speech rights",
        "whether Google may read the bucket, and this account recognise and cancel, shows only with a recording",
        "upload the sample recording on the first page; roles: docs/google-cloud.md",
    )


def refusal(error: Exception, project: str, region: str) -> Finding:
    """What an error of the API means, and what mends it; most specific first."""
    code = getattr(getattr(error, "grpc_status_code", None), "name", type(error).__name__)
    reason = getattr(error, "reason", None) or ""
    says = in_short(error)
    enable = f"gcloud services enable speech.googleapis.com --project {project}"
    grant = (
        f"gcloud projects add-iam-policy-binding {project} --member=serviceAccount:ACCOUNT --role=roles/speech.editor"
    )
    if reason == "SERVICE_DISABLED" or "has not been used in project" in says:
        return wrong(NAME, f"it is not enabled in {project}", enable)
    if reason == "BILLING_DISABLED" or "billing" in says.lower():
        return wrong(
            NAME, f"{project} has no billing account", f"gcloud billing projects link {project} --billing-account=ID"
        )
    match code:
        case "UNAUTHENTICATED" | "RefreshError":
            return wrong(NAME, f"it does not accept the credentials: {says}", SIGN_IN)
        case "PERMISSION_DENIED":
            return wrong(NAME, f"it refuses this account: {says}", grant)
        case "RESOURCE_EXHAUSTED":
            return wrong(
                NAME,
                f"the quota is used up: {says}",
                f"https://console.cloud.google.com/iam-admin/quotas?project={project} (service: speech.googleapis.com)",
            )
        case "INVALID_ARGUMENT" | "NOT_FOUND" | "UNIMPLEMENTED":
            return wrong(NAME, f"it knows no {project} in {region}: {says}", "GOOGLE_REGION=eu, us, global or a region")
    return wrong(
        NAME,
        f"{address_of(region)} cannot be reached: {code}: {says}",
        "check GOOGLE_REGION, the network and proxy settings; https://status.cloud.google.com",
    )


def address_of(region: str) -> str:
    """The host that serves a region."""
    return "speech.googleapis.com" if region == "global" else f"{region}-speech.googleapis.com"


def _client(configured: Settings) -> Any:
    """A client as the settings say; without TLS and credentials for an address that begins with `http://`."""
    from google.cloud.speech_v2 import SpeechClient
    from google.cloud.speech_v2.services.speech.transports import SpeechGrpcTransport

    endpoint = configured.google_speech_endpoint
    if endpoint.startswith(PLAIN):
        channel = import_module("grpc").insecure_channel(endpoint.removeprefix(PLAIN).rstrip("/"))
        return SpeechClient(transport=SpeechGrpcTransport(channel=channel))
    return SpeechClient(client_options={"api_endpoint": endpoint or address_of(configured.google_region)})
