"""Links to recordings in a bucket: signed by a key, by IAM, or not at all, and then logged once."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.auth.credentials import AnonymousCredentials, Credentials
from google.cloud import storage

from store.audio.google import GoogleAudioStore
from store.audio.google_signing import IAM_SCOPE, Signing
from tests.google_cloud.service_account import EMAIL, service_account

URI = "gs://desk-recordings/audio-uploads/anna/3f.wav"
NAMED = "inline; filename=\"ben & anna.wav\"; filename*=UTF-8''ben%20%26%20anna.wav"
WISHES: dict[str, Any] = {"seconds": 300, "media_type": "audio/wav", "disposition": NAMED}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def store(key: rsa.RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoogleAudioStore:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service_account(tmp_path, key)))
    return GoogleAudioStore("desk-recordings")


def test_a_key_signs_a_link_that_holds_for_the_time_asked(store: GoogleAudioStore) -> None:
    link = store.link(URI, **WISHES)
    assert link is not None
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc) == ("https", "storage.googleapis.com")
    assert unquote(parts.path) == "/desk-recordings/audio-uploads/anna/3f.wav"
    asked = {name: value for name, [value] in parse_qs(parts.query).items()}
    assert asked["X-Goog-Algorithm"] == "GOOG4-RSA-SHA256"
    assert asked["X-Goog-Credential"].startswith(f"{EMAIL}/")
    assert asked["X-Goog-Expires"] == "300"
    assert asked["response-content-type"] == "audio/wav"
    assert asked["response-content-disposition"] == NAMED


def test_the_signature_is_that_of_the_key(store: GoogleAudioStore, key: rsa.RSAPrivateKey) -> None:
    link = store.link(URI, **WISHES)
    assert link is not None
    path, _, query = link.removeprefix("https://storage.googleapis.com").partition("?")
    signed, _, signature = query.partition("&X-Goog-Signature=")
    request = "\n".join(["GET", path, signed, "host:storage.googleapis.com\n", "host", "UNSIGNED-PAYLOAD"])
    digest = hashes.Hash(hashes.SHA256())
    digest.update(request.encode())
    [at], [by] = parse_qs(signed)["X-Goog-Date"], parse_qs(signed)["X-Goog-Credential"]
    text = "\n".join(["GOOG4-RSA-SHA256", at, by.partition("/")[2], digest.finalize().hex()])
    key.public_key().verify(bytes.fromhex(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())


class OfMachine(Credentials):
    """Credentials without a key, as a machine at Google has; its account is known once they are refreshed."""

    def __init__(self) -> None:
        super().__init__()
        self.service_account_email = "default"
        self.refreshed = 0

    def refresh(self, request: object) -> None:
        self.refreshed += 1
        self.token, self.service_account_email = "token", EMAIL


class Iam:
    """IAM's signBlob over HTTP: answers with `status`, and keeps what it was asked."""

    def __init__(self, status: int) -> None:
        self.status, self.asked = status, list[str]()
        self.data = json.dumps({"signedBlob": "c2lnbmVk"}).encode()

    def __call__(self, url: str, **_: object) -> "Iam":
        self.asked.append(url)
        return self


@pytest.fixture
def of_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[storage.Blob]:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    client = storage.Client(project=None, credentials=OfMachine())
    yield client.bucket("desk-recordings").blob("audio-uploads/anna/3f.wav")
    client.close()


def test_without_a_key_iam_signs(of_machine: storage.Blob, monkeypatch: pytest.MonkeyPatch) -> None:
    iam = Iam(200)
    monkeypatch.setattr("store.audio.google_signing.Request", lambda: iam)
    signing = Signing()
    for _ in range(2):
        link = signing.link(of_machine, **WISHES)
        assert link is not None
        assert link.endswith(f"X-Goog-Signature={b'signed'.hex()}")
    assert [EMAIL in url and url.endswith(":signBlob") for url in iam.asked] == [True, True]
    assert of_machine.client._credentials.refreshed == 1  # not at every link
    assert IAM_SCOPE.endswith("/cloud-platform")


def test_a_signing_that_is_forbidden_gives_no_link_is_logged_once_and_not_asked_again_at_once(
    of_machine: storage.Blob, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    iam = Iam(403)
    monkeypatch.setattr("store.audio.google_signing.Request", lambda: iam)
    signing = Signing()
    with caplog.at_level(logging.WARNING):
        assert [signing.link(of_machine, **WISHES) for _ in range(3)] == [None, None, None]
    assert len(iam.asked) == 1
    assert [record.name for record in caplog.records] == ["store.audio.google_signing"]


def test_an_emulators_credentials_sign_nothing() -> None:
    client = storage.Client(project=None, credentials=AnonymousCredentials())
    assert Signing().link(client.bucket("desk-recordings").blob("x"), **WISHES) is None
    client.close()
