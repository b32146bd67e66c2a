"""Fifty recordings of one coach do not keep another waiting; and of the fifty the other sees no more than a number."""

import uuid
from collections.abc import Callable

import httpx
import pytest

from api import rate_limits
from jobs import board, sign_in, tokens
from jobs.policy import Person
from store.tokens import TokenScope
from tests.instruments.claims import claimed

ISSUER = "https://id.example.org"


@pytest.fixture(autouse=True)
def desk_with_sign_in(settings_of: Callable[..., None]) -> None:
    settings_of(oidc_issuer=ISSUER, oidc_allowed_domains="example.org", ops_emails="olga@example.org")
    rate_limits.forget()


def person(name: str) -> Person:
    return sign_in.sign_in(issuer=ISSUER, subject=name, email=f"{name}@example.org", name=name, email_verified=True)


def test_one_recording_of_ben_is_served_before_fifty_of_anna(
    client: httpx.Client, new_session: Callable[..., uuid.UUID]
) -> None:
    anna, ben = person("anna"), person("ben")
    hers = [new_session(owner=anna.account_id, title="Secret") for _ in range(50)]
    his = new_session(owner=ben.account_id)
    token = tokens.make_token(ben, name="test", scope=TokenScope.READ, days=1)
    answer = client.get(f"/sessions/{his}", headers={"Authorization": f"Bearer {token}"})
    assert (answer.json()["queue"]["position"], answer.json()["queue"]["of"]) == (2, 51)
    assert "Secret" not in answer.text
    assert [view.session_id for view in board.my_sessions(ben)] == [his]
    assert [claimed().session_id for _ in range(2)] == [hers[0], his]
