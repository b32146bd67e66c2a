"""From what the identity provider says of somebody to a person of this desk, or the sentence why not."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from jobs.policy import Person, local_person
from store import accounts, audit
from store.accounts import AccountRecord
from store.audit import Action, Actor
from store.database import transaction
from store.scope import Role
from store.settings import settings

REFUSED_ONCE_IN = timedelta(hours=1)  # a page that is drawn anew tells the same again
CLOCKS_APART = timedelta(minutes=5)  # the provider's and ours


class SignInRefused(Exception):
    """You cannot use this desk."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class DomainNotAllowed(SignInRefused):
    """This desk is not open to your e-mail address. Please sign in with the one of your work, or ask operations."""


class EmailNotVerified(SignInRefused):
    """Your identity provider has not verified your e-mail address. Verify it there, and sign in again."""


class AccountDisabled(SignInRefused):
    """Your account was disabled. Please ask operations if that was not meant."""


class SignInExpired(SignInRefused):
    """You signed in too long ago. Please sign in again."""


class AccountUnknown(SignInRefused):
    """There is no such account. Please sign in again."""


def identify(claims: Mapping[str, Any], *, address: str | None = None) -> Person:
    """The person whom an identity token names (`st.user`, as a mapping); their account is made when they come first.

    SignInRefused, with a sentence, for whoever may not, SignInExpired after SESSION_HOURS included.
    """
    issued_at = _fresh(claims)
    return sign_in(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        email=str(claims.get("email") or ""),
        name=str(claims.get("name") or ""),
        email_verified=claims.get("email_verified") is True,
        issued_at=issued_at,
        address=address,
    )


def recognise(claims: Mapping[str, Any]) -> Person:
    """The same for whoever has signed in on the dashboard before: nothing is written. AccountUnknown for others."""
    _fresh(claims)
    with transaction() as db:
        return person_behind(accounts.by_identity(db, str(claims["iss"]), str(claims["sub"])))


def person_of(account_id: str) -> Person:
    """The account as it is now; ask again with every request. AccountDisabled, AccountUnknown."""
    if not settings().sign_in and account_id == settings().owner:
        return local_person()
    with transaction() as db:
        accounts.seen(db, account_id)
        return person_behind(accounts.by_id(db, account_id))


def sign_in(
    *,
    issuer: str,
    subject: str,
    email: str,
    name: str,
    email_verified: bool,
    issued_at: datetime | None = None,
    address: str | None = None,
) -> Person:
    """The person behind an identity, whose account is made at the first sign-in. Whom OPS_EMAILS names is ops.

    `issued_at` tells a new sign-in from one that is known already. DomainNotAllowed, EmailNotVerified, AccountDisabled.
    """
    email, name = email.strip().lower(), name.strip() or email.strip()
    trusted = email_verified or settings().oidc_trust_email
    refusal: SignInRefused | None = None
    with transaction() as db:
        account = accounts.by_identity(db, issuer, subject)
        if not _is_allowed(email):
            refusal = DomainNotAllowed()
        elif not trusted:
            refusal = EmailNotVerified()
        elif account is not None and account.disabled_at is not None:
            refusal = AccountDisabled()
        if refusal is None:
            account = _settled(db, account, (issuer, subject), email, name, issued_at, address)
        else:
            who = Actor(account.id if account else audit.UNKNOWN.id, email, address)
            audit.record(db, Action.REFUSED, who, detail=str(refusal), once_in=REFUSED_ONCE_IN)
    if refusal is not None:  # raised after the commit, so that it is on record
        raise refusal
    return replace(person_behind(account), address=address)


def _settled(
    db: Session,
    account: AccountRecord | None,
    identity: tuple[str, str],
    email: str,
    name: str,
    issued_at: datetime | None,
    address: str | None,
) -> AccountRecord | None:
    first = accounts.is_first(db) if account is None else False
    if account is None:  # asked again under the lock: the same person may have come through two windows
        account = accounts.by_identity(db, *identity)
    named = email in _words(settings().ops_emails)
    if account is None:
        role = Role.OPS if named or (first and not settings().ops_emails) else Role.COACH
        account = accounts.create(db, identity, email=email, name=name, role=role, at=issued_at)
        who = Actor(account.id, email, address)
        audit.record(db, Action.ACCOUNT_MADE, who, target=email, detail=str(role))
        audit.record(db, Action.SIGNED_IN, who)
        return account
    who = Actor(account.id, email, address)
    if accounts.signed_in(db, account.id, email=email, name=name, at=issued_at):
        audit.record(db, Action.SIGNED_IN, who)
    if named and accounts.set_role(db, account.id, Role.OPS):
        audit.record(db, Action.GRANTED, Actor("settings"), target=email, detail="named in OPS_EMAILS")
    return accounts.by_id(db, account.id)


def person_behind(account: AccountRecord | None) -> Person:
    """The person whose account this is; AccountUnknown, AccountDisabled."""
    if account is None:
        raise AccountUnknown
    if account.disabled_at is not None:
        raise AccountDisabled
    return Person(account.id, account.name, account.email, account.role)


def _is_allowed(email: str) -> bool:
    allowed = _words(settings().oidc_allowed_domains)
    mailbox, at, domain = email.rpartition("@")
    return bool(mailbox and at and domain) and ("*" in allowed or domain in allowed)


def _words(listed: str) -> set[str]:
    return {word.strip().lower() for word in listed.split(",")} - {""}


def _fresh(claims: Mapping[str, Any]) -> datetime:
    """When the provider vouched for this; SignInExpired when that is too long ago, or is not said at all."""
    try:
        issued_at = datetime.fromtimestamp(float(claims["iat"]), UTC)
        age = datetime.now(UTC) - issued_at
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise SignInExpired from None
    if not claims.get("iss") or not claims.get("sub") or age < -CLOCKS_APART:
        raise SignInExpired
    if age > timedelta(hours=settings().session_hours):
        raise SignInExpired
    return issued_at
