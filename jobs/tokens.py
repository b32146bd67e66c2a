"""API tokens: `td_<id>_<secret>`, shown once when they are made; what is kept opens nothing."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jobs import sign_in
from jobs.policy import Person, on_behalf_of
from jobs.sign_in import SignInRefused
from store import audit, bearers, tokens
from store.audit import Action
from store.bearers import TokenAndAccount
from store.printable import printable
from store.tokens import TokenRecord, TokenScope

SECRET_BYTES: Final = 32
MOST_TOKENS = 20
LONGEST_DAYS = 366
LONGEST_NAME = 80
FORM = re.compile(r"td_([0-9a-f]{16})_([0-9a-f]{64})")
NOBODYS_HASH = hashlib.sha256(b"").hexdigest()


class TokenRefused(Exception):
    """This token does not work."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class TokenUnknown(TokenRefused):
    """This is no token of this desk."""


class TokenExpired(TokenRefused):
    """This token has expired. Make a new one on your account page."""


class TokenRevoked(TokenRefused):
    """This token was revoked. Make a new one on your account page."""


class TokenNotPossible(ValueError):
    """This token cannot be made."""


@dataclass(frozen=True)
class Bearer:
    """Whoever a token stands for, and whether it may change anything."""

    person: Person
    token_id: str
    scope: TokenScope


def make_token(person: Person, *, name: str, scope: TokenScope, days: float) -> str:
    """A new token's text, which nobody can read again later. TokenNotPossible says what does not fit."""
    name = printable(name)[:LONGEST_NAME]
    if person.local:
        raise TokenNotPossible("Tokens belong to accounts, and there are none without sign-in.")
    if not name:
        raise TokenNotPossible("Give the token a name that says what it is for.")
    if not 0 < days <= LONGEST_DAYS:
        raise TokenNotPossible(f"A token lasts at most {LONGEST_DAYS} days.")
    token_id, secret = secrets.token_hex(8), secrets.token_hex(SECRET_BYTES)
    with on_behalf_of(person) as db:
        if tokens.count_active(db, person.account_id) >= MOST_TOKENS:
            raise TokenNotPossible(f"You have {MOST_TOKENS} tokens that work. Revoke one first.")
        tokens.add(
            db,
            token_id,
            account_id=person.account_id,
            name=name,
            secret_sha256=_hash(secret),
            scope=scope,
            days=days,
        )
        audit.record(db, Action.TOKEN_MADE, person.actor, target=token_id, detail=f"{scope}, {days:g} days")
    return f"td_{token_id}_{secret}"


def tokens_of(person: Person) -> list[TokenRecord]:
    """The person's tokens, the newest first, those that work no more included."""
    with on_behalf_of(person) as db:
        return tokens.of_account(db, person.account_id)


def revoke_token(token_id: str, person: Person) -> bool:
    """Make one of the person's own tokens useless at once; False when there is none of this id that works."""
    with on_behalf_of(person) as db:
        revoked = tokens.revoke(db, token_id, account_id=person.account_id)
        if revoked:
            audit.record(db, Action.TOKEN_REVOKED, person.actor, target=token_id)
        return revoked


def bearers_of(texts: Sequence[str]) -> list[Bearer | TokenRefused | SignInRefused]:
    """Whom each of these tokens stands for now, or why it does not: TokenUnknown, TokenExpired, TokenRevoked, and
    SignInRefused for its account."""
    matches = [FORM.fullmatch(text) for text in texts]
    known = bearers.find({match[1] for match in matches if match})
    return [_bearer(match, known) for match in matches]


def _bearer(match: re.Match[str] | None, known: Mapping[str, TokenAndAccount]) -> Bearer | TokenRefused | SignInRefused:
    found = known.get(match[1]) if match else None
    fits = hmac.compare_digest(_hash(match[2]) if match else "", found.secret_sha256 if found else NOBODYS_HASH)
    if found is None or not fits:
        return TokenUnknown()
    token = found.token
    if token.state != "active":
        return TokenRevoked() if token.state == "revoked" else TokenExpired()
    if found.unnoted:
        bearers.note_use(found)
    try:
        return Bearer(sign_in.person_behind(found.account), token.id, token.scope)
    except SignInRefused as refusal:
        return refusal


def _hash(secret: str) -> str:
    """Fast on purpose: 256 random bits cannot be guessed, so there is nothing to slow down."""
    return hashlib.sha256(secret.encode()).hexdigest()
