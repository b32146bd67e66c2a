"""API tokens: shown once, kept as a hash, out at once when revoked, expired, or their account is disabled."""

import hashlib
from collections.abc import Callable

import pytest
from sqlalchemy import text

from jobs import people, sign_in, tokens
from jobs.people import Change
from jobs.policy import Person, local_person
from jobs.sign_in import AccountDisabled
from jobs.tokens import Bearer, TokenExpired, TokenNotPossible, TokenRevoked, TokenUnknown
from store.database import transaction
from store.tokens import TokenScope

ISSUER = "https://id.example.org"


@pytest.fixture
def anna(settings_of: Callable[..., None]) -> Person:
    settings_of(oidc_issuer=ISSUER, oidc_allowed_domains="example.org", ops_emails="olga@example.org")
    return person("anna")


def person(name: str) -> Person:
    return sign_in.sign_in(issuer=ISSUER, subject=name, email=f"{name}@example.org", name=name, email_verified=True)


def made(who: Person, *, scope: TokenScope = TokenScope.WRITE, days: float = 30) -> str:
    return tokens.make_token(who, name=" my\nscript ", scope=scope, days=days)


def bearer(sent: str) -> Bearer:
    (found,) = tokens.bearers_of([sent])
    if isinstance(found, Exception):
        raise found
    return found


def test_a_token_stands_for_its_account_as_it_is_now(anna: Person) -> None:
    token = made(anna, scope=TokenScope.READ)
    assert bearer(token).person == anna
    assert bearer(token).scope is TokenScope.READ
    people.change(Change.GRANT, anna.email)
    assert bearer(token).person.is_ops
    people.change(Change.DISABLE, anna.email)
    with pytest.raises(AccountDisabled):
        bearer(token)


def test_what_is_kept_opens_nothing(anna: Person) -> None:
    token = made(anna)
    kind, token_id, secret = token.split("_")
    assert (kind, len(secret)) == ("td", 64)
    with transaction() as db:
        kept = db.execute(text("SELECT * FROM api_token")).mappings().one()
    assert secret not in str(dict(kept))
    assert kept["secret_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    for guess in (token[:-1] + ("0" if token[-1] != "0" else "1"), f"td_{token_id}_{kept['secret_sha256']}"):
        with pytest.raises(TokenUnknown):
            bearer(guess)


@pytest.mark.parametrize(
    "text_sent", ["", "td_", "td_0123456789abcdef_", "td_0123456789abcdef_" + "0" * 64, "x" * 10_000]
)
def test_what_is_no_token(anna: Person, text_sent: str) -> None:
    with pytest.raises(TokenUnknown):
        bearer(text_sent)


def test_its_page_shows_its_use_and_end(anna: Person) -> None:
    token = made(anna)
    [before] = tokens.tokens_of(anna)
    assert (before.name, before.state, before.last_used_at) == ("my script", "active", None)
    bearer(token)
    [after] = tokens.tokens_of(anna)
    assert after.last_used_at is not None
    assert not tokens.revoke_token(after.id, person("ben"))
    assert tokens.revoke_token(after.id, anna)
    assert not tokens.revoke_token(after.id, anna)
    assert [token.state for token in tokens.tokens_of(anna)] == ["revoked"]
    with pytest.raises(TokenRevoked):
        bearer(token)


def test_an_expired_token_is_out(anna: Person) -> None:
    token = made(anna)
    with transaction() as db:
        db.execute(text("UPDATE api_token SET expires_at = clock_timestamp()"))
    with pytest.raises(TokenExpired):
        bearer(token)
    assert [token.state for token in tokens.tokens_of(anna)] == ["expired"]


def test_what_cannot_be_made_says_why(anna: Person) -> None:
    for days in (0, -1, 367, float("nan")):
        with pytest.raises(TokenNotPossible, match="at most 366 days"):
            made(anna, days=days)
    with pytest.raises(TokenNotPossible, match="name"):
        tokens.make_token(anna, name=" \n", scope=TokenScope.READ, days=1)
    with pytest.raises(TokenNotPossible, match="without sign-in"):
        made(local_person())
    for _ in range(tokens.MOST_TOKENS):
        made(anna)
    with pytest.raises(TokenNotPossible, match="Revoke one first"):
        made(anna)
