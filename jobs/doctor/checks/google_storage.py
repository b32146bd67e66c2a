"""Does the bucket exist, and may this account do there what the audio store does?"""

from collections.abc import Iterator

from jobs.doctor.checks.google_account import SIGN_IN, member, storage_client
from jobs.doctor.checks.storage import bucket_name
from jobs.doctor.finding import Finding, fine, in_short, note, wrong
from store.settings import Settings

NEEDED = ("storage.objects.create", "storage.objects.get", "storage.objects.list", "storage.objects.delete")
ROLE = "roles/storage.objectUser"  # the narrowest predefined one that holds them all
CALL_SEC = 3.0


def bucket(configured: Settings) -> Iterator[Finding]:
    """The bucket, each permission on it, and whether links to recordings can be signed."""
    from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, Unauthorized
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    name = bucket_name(configured)
    try:
        client = storage_client(configured)
        granted = client.bucket(name).test_iam_permissions(list(NEEDED), timeout=CALL_SEC, retry=None)
    except DefaultCredentialsError:
        yield wrong("bucket", f"gs://{name} was not asked: there are no credentials", SIGN_IN)
        return
    except NotFound:
        location = "LOCATION" if configured.google_region == "global" else configured.google_region
        yield wrong(
            "bucket",
            f"gs://{name} does not exist",
            f"gcloud storage buckets create gs://{name} --location={location} "
            "--uniform-bucket-level-access --public-access-prevention",
        )
        return
    except (Forbidden, Unauthorized, GoogleAuthError) as error:
        yield wrong("bucket", f"gs://{name} refuses this account: {in_short(error)}", grant(name, "ACCOUNT"))
        return
    except (GoogleAPIError, OSError) as error:  # requests' errors are OSErrors
        yield wrong("bucket", f"gs://{name} cannot be reached: {in_short(error)}", "check network and proxy settings")
        return
    yield permissions(name, set(granted), member(client._credentials))
    yield signing(client._credentials)


def permissions(name: str, granted: set[str], account: str) -> Finding:
    """Whether everything that is needed was granted."""
    missing = [needed for needed in NEEDED if needed not in granted]
    if missing:
        return wrong("bucket", f"gs://{name} does not grant {', '.join(missing)}", grant(name, account))
    return fine("bucket", f"gs://{name} exists and grants create, get, list and delete")


def grant(name: str, account: str) -> str:
    """The command that gives the account what it needs."""
    to = account if ":" in account else f"serviceAccount:{account}"
    return f"gcloud storage buckets add-iam-policy-binding gs://{name} --member={to} --role={ROLE}"


def signing(credentials: object) -> Finding:
    """How players get at recordings: by a signed link, or through the API."""
    from google.auth.credentials import AnonymousCredentials, Signing

    streams = "the API streams recordings itself"
    if isinstance(credentials, Signing):
        return fine("signed links", "the account's key signs them")
    if isinstance(credentials, AnonymousCredentials):
        return note("signed links", f"an emulator's are not signed; {streams}")
    if getattr(credentials, "service_account_email", None):
        return note(
            "signed links",
            f"IAM signs them, if the account may ask for it; otherwise {streams}",
            "gcloud iam service-accounts add-iam-policy-binding ACCOUNT --member=serviceAccount:ACCOUNT "
            "--role=roles/iam.serviceAccountTokenCreator",
        )
    return note("signed links", f"a person's credentials cannot sign; {streams}")
