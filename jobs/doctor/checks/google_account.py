"""With which account does this machine speak to Google, and does Google know it?"""

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

from jobs.doctor.checks.speech import uses_google
from jobs.doctor.checks.storage import in_bucket
from jobs.doctor.finding import Finding, fine, in_short, note, wrong
from store.settings import Settings

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_SEC = 3.0
SIGN_IN = (
    "attach a service account to this machine, or GOOGLE_APPLICATION_CREDENTIALS=/path/to/key.json, "
    "or to try it: `gcloud auth application-default login`"
)
NAME = "google account"


def account(configured: Settings) -> Iterator[Finding]:
    """The credentials that Google's libraries find, and whether a token is given for them."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
    from google.auth.transport.requests import Request

    if is_emulated(configured):
        yield note(NAME, "none is needed: GOOGLE_SPEECH_ENDPOINT or STORAGE_EMULATOR_HOST leads to an emulator")
        return
    credentials: Any  # the library has types for some of it only
    try:
        credentials, project = google.auth.default(scopes=[SCOPE])
    except DefaultCredentialsError as error:
        yield wrong(NAME, f"no credentials: {in_short(error)}", SIGN_IN)
        return
    try:
        credentials.refresh(partial(Request(), timeout=TOKEN_SEC))
    except GoogleAuthError as error:
        yield wrong(
            NAME, f"Google gives {who(credentials)} no token: {in_short(error)}", f"{SIGN_IN}; and check this clock"
        )
        return
    until = f", its token holds until {credentials.expiry:%H:%M} UTC" if credentials.expiry else ""
    yield fine(NAME, f"{who(credentials)} of project {project or 'unknown'}{until}")


def is_emulated(configured: Settings) -> bool:
    """Whether nothing that this installation calls is Google's own."""
    speech_is_real = uses_google(configured) and not configured.google_speech_endpoint.startswith("http://")
    return not speech_is_real and not (in_bucket(configured) and bucket_is_real(configured))


def bucket_is_real(configured: Settings) -> bool:
    """Whether the storage library leads to Google; with STORAGE_EMULATOR_HOST it takes no credentials."""
    from google.auth.credentials import AnonymousCredentials
    from google.auth.exceptions import DefaultCredentialsError

    try:
        return not isinstance(storage_client(configured)._credentials, AnonymousCredentials)
    except DefaultCredentialsError:
        return True


def storage_client(configured: Settings) -> Any:
    """A client of Cloud Storage, as the library makes it from its environment."""
    return import_module("google.cloud.storage").Client(project=configured.google_project or None)


def who(credentials: Any) -> str:
    """The account in words; a person's credentials do not tell whose they are."""
    email = getattr(credentials, "service_account_email", None)
    return str(email) if email and email != "default" else "a person or machine"


def member(credentials: Any) -> str:
    """The account as `gcloud … --member` wants it."""
    email = getattr(credentials, "service_account_email", None)
    return f"serviceAccount:{email}" if email and email != "default" else "serviceAccount:ACCOUNT"
