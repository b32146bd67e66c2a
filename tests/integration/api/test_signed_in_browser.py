"""The dashboard's sign-in opens the API in the same browser: the cookie as the installed Streamlit makes it."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from streamlit.auth_util import set_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from api import rate_limits
from jobs import people, sign_in
from jobs.people import Change
from tests.hostile_media import tone, wav

ISSUER, DESK = "https://id.example.org", "https://desk.example.org"
SECRET = "a secret of the tests, long enough"
NAME = "_streamlit_user"


@pytest.fixture(autouse=True)
def desk_with_sign_in(settings_of: Callable[..., None]) -> Iterator[Callable[..., None]]:
    settings = {
        "oidc_issuer": ISSUER,
        "oidc_allowed_domains": "example.org",
        "oidc_cookie_secret": SECRET,
        "public_url": DESK,
    }
    settings_of(**settings)
    rate_limits.forget()
    sign_in.identify(claims())
    yield settings_of
    rate_limits.forget()


def claims(**others: Any) -> dict[str, Any]:
    said = {"iss": ISSUER, "sub": "anna", "email": "anna@example.org", "email_verified": True, "iat": int(time.time())}
    return {**said, "is_logged_in": True, "origin": DESK, **others}


def cookies(said: dict[str, Any], secret: str = SECRET) -> dict[str, str]:
    """As Streamlit sets them: one, or several for a long token."""
    made: dict[str, str] = {}

    def sign(name: str, value: str) -> bytes:
        return create_signed_value(secret, name, value)

    set_cookie_with_chunks(
        lambda name, value: made.__setitem__(name, sign(name, value).decode()), sign, NAME, said, cookie_attr_size=60
    )
    return made


def status(client: httpx.Client, sent: dict[str, str], *, method: str = "GET", **headers: str) -> int:
    headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in sent.items())
    return client.request(method, "/sessions" if method == "GET" else "/uploads", headers=headers).status_code


def test_whoever_signed_in_on_the_dashboard_may_use_the_api(client: httpx.Client) -> None:
    assert status(client, cookies(claims())) == 200
    assert status(client, {}) == 401


def test_a_long_token_comes_in_pieces(client: httpx.Client) -> None:
    sent = cookies(claims(groups=[uuid.uuid4().hex for _ in range(300)]))
    assert len(sent) > 2
    assert status(client, sent) == 200
    del sent[f"{NAME}_2"]
    assert status(client, sent) == 401


@pytest.mark.parametrize(
    "sent",
    [
        cookies(claims(), secret="another secret, which is not the desk's"),
        cookies(claims(origin="https://elsewhere.example")),
        cookies(claims(is_logged_in=False)),
        cookies(claims(is_logged_in="yes")),
        cookies(claims(sub="ben")),  # never signed in on the dashboard
        cookies(claims(iss="https://other.example.org")),
        cookies(claims(iat=time.time() - 13 * 3600)),
        cookies(claims(iat=None)),
        {NAME: json.dumps(claims())},
        {NAME: "chunks-99999"},
        {NAME: create_signed_value(SECRET, NAME, "chunks-99").decode()},
        {NAME: create_signed_value(SECRET, NAME, "[]").decode()},
        {
            NAME: create_signed_value(SECRET, "_streamlit_user_tokens", json.dumps(claims())).decode()
        },  # another cookie's
    ],
)
def test_any_other_cookie_opens_nothing(client: httpx.Client, sent: dict[str, str]) -> None:
    assert status(client, sent) == 401


def test_one_changed_letter_is_enough(client: httpx.Client) -> None:
    [(name, value)] = cookies(claims()).items()
    for place in (3, len(value) // 2, len(value) - 3):
        tampered = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
        assert status(client, {name: tampered}) == 401


def test_without_a_secret_no_signature_counts(client: httpx.Client, desk_with_sign_in: Callable[..., None]) -> None:
    desk_with_sign_in(oidc_cookie_secret="")
    assert status(client, cookies(claims(), secret="")) == 401


def test_a_disabled_account_is_out_at_the_next_call(client: httpx.Client) -> None:
    sent = cookies(claims())
    people.change(Change.DISABLE, "anna@example.org")
    assert status(client, sent) == 401


@pytest.mark.parametrize(
    ("headers", "reads", "writes"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200, 415),
        ({"Sec-Fetch-Site": "none"}, 200, 415),
        ({"Sec-Fetch-Site": "cross-site"}, 403, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403, 403),  # a neighbour under the same domain
        ({"Origin": "https://elsewhere.example"}, 403, 403),
        ({"Origin": "null"}, 403, 403),
        ({}, 200, 403),  # no browser of today: it must say where a change comes from
    ],
)
def test_only_a_page_of_ours_may_use_the_cookie(
    client: httpx.Client, headers: dict[str, str], reads: int, writes: int
) -> None:
    sent = cookies(claims())
    assert status(client, sent, **headers) == reads
    assert status(client, sent, method="POST", **headers) == writes  # 415: let in, and then it was no form


def test_a_token_counts_before_the_cookie(client: httpx.Client) -> None:
    sent = cookies(claims())
    assert status(client, sent, Authorization="Bearer td_0123456789abcdef_" + "0" * 64) == 401
    assert status(client, sent, Authorization="Basic dTpw") == 401


def test_without_sign_in_only_this_machine_is_answered(
    client: httpx.Client, desk_with_sign_in: Callable[..., None]
) -> None:
    desk_with_sign_in(oidc_issuer="")
    assert status(client, {}) == 200
    for proxied in ({"X-Forwarded-For": "203.0.113.7"}, {"Forwarded": "for=203.0.113.7"}):
        assert status(client, {}, **proxied) == 401


def test_too_many_calls_are_answered_with_when_to_come_back(
    client: httpx.Client, desk_with_sign_in: Callable[..., None]
) -> None:
    desk_with_sign_in(rate_limit_per_minute=3)
    sent = cookies(claims())
    answers = [client.get("/sessions", headers={"Cookie": f"{NAME}={sent[NAME]}"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
    assert answers[0].headers["ratelimit-policy"] == '"calls";q=3;w=60'
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60
    assert answers[3].json()["code"] == "too-many-requests"
    assert [client.get("/health").status_code for _ in range(9)] == [200] * 9


def test_fewer_recordings_than_calls(
    client: httpx.Client, desk_with_sign_in: Callable[..., None], tmp_path: Any
) -> None:
    desk_with_sign_in(uploads_per_minute=1)
    headers = {"Cookie": f"{NAME}={cookies(claims())[NAME]}", "Sec-Fetch-Site": "same-origin"}
    recording = wav(tmp_path / "talk.wav", tone(1.0)[0]).read_bytes()
    codes = [client.post("/uploads", files={"file": recording}, headers=headers).status_code for _ in range(2)]
    assert codes == [201, 429]
    assert client.get("/uploads", headers=headers).status_code == 200


def test_whoever_guesses_tokens_is_soon_not_looked_at_any_more(
    client: httpx.Client, desk_with_sign_in: Callable[..., None]
) -> None:
    desk_with_sign_in(rate_limit_per_minute=3)
    codes = [
        client.get("/sessions", headers={"Authorization": f"Bearer td_{i:016x}_{'0' * 64}"}).status_code
        for i in range(5)
    ]
    assert codes == [401, 401, 401, 429, 429]
