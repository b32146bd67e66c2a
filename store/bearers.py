"""Tokens with their accounts, read in one round trip: what every request with a token costs."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Text, any_, bindparam, or_, select

from store import accounts, tokens
from store.accounts import AccountRecord
from store.database import transaction
from store.one_round_trip import OneRoundTrip
from store.people_schema import Account, ApiToken
from store.schema import CLOCK
from store.scope import Role
from store.tokens import TokenRecord, TokenScope


@dataclass(frozen=True)
class TokenAndAccount:
    """A token, the SHA-256 of its secret half, its account, and whether their use has to be noted again."""

    token: TokenRecord
    secret_sha256: str
    account: AccountRecord
    unnoted: bool


_TOKEN = [name for name in TokenRecord.__dataclass_fields__ if name != "now"]
_ACCOUNT = list(AccountRecord.__dataclass_fields__)


def find(token_ids: Collection[str]) -> dict[str, TokenAndAccount]:
    """The tokens by their ids; those that there are none of are left out."""
    found = (_read(row) for row in _statement().rows(token_ids=list(token_ids))) if token_ids else ()
    return {one.token.id: one for one in found}


def _read(row: tuple[Any, ...]) -> TokenAndAccount:
    ends = len(_TOKEN) + 1
    token = dict(zip([*_TOKEN, "now"], row[:ends], strict=True))
    account = dict(zip(_ACCOUNT, row[ends + 2 :], strict=True))
    return TokenAndAccount(
        TokenRecord(**{**token, "scope": TokenScope(token["scope"])}),
        row[ends],
        AccountRecord(**{**account, "role": Role(account["role"])}),
        bool(row[ends + 1]),
    )


@cache
def _statement() -> OneRoundTrip:
    unnoted = or_(
        ApiToken.last_used_at.is_(None),
        ApiToken.last_used_at < CLOCK - tokens.USED_EVERY,
        Account.last_seen_at < CLOCK - accounts.SEEN_EVERY,
    )
    token = [*(getattr(ApiToken, name) for name in _TOKEN), CLOCK.label("now"), ApiToken.secret_sha256]
    account = [getattr(Account, name) for name in _ACCOUNT]
    found = select(*token, unnoted.label("unnoted"), *account).join(Account, Account.id == ApiToken.account_id)
    return OneRoundTrip(found.where(ApiToken.id == any_(bindparam("token_ids", type_=ARRAY(Text)))))


def note_use(found: TokenAndAccount) -> None:
    """Note that token and account are used, each at most once a minute."""
    with transaction() as db:
        tokens.used(db, found.token.id)
        accounts.seen(db, found.account.id)
