"""Accounts: made at the first sign-in, granted and revoked, shut out at once; and what of it is on record."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from jobs import people, sign_in
from jobs.people import Change
from jobs.policy import NotAllowed, Person, local_person
from jobs.sign_in import (
    AccountDisabled,
    AccountUnknown,
    DomainNotAllowed,
    EmailNotVerified,
    SignInExpired,
    identify,
    person_of,
    recognise,
)
from store import audit
from store.audit import AuditFilter, AuditRow
from store.database import transaction
from store.scope import Role
from tests.instruments.people import coach

ISSUER = "https://id.example.org"
SIGN_IN = {
    "oidc_issuer": ISSUER,
    "oidc_allowed_domains": "example.org, example.net",
    "ops_emails": "",
}


@pytest.fixture(autouse=True)
def with_sign_in(settings_of: Callable[..., None]) -> Callable[..., None]:
    settings_of(**SIGN_IN)
    return settings_of


def claims(who: str, /, **others: Any) -> dict[str, Any]:
    verified = {"email": f"{who}@example.org", "email_verified": True, "iat": int(time.time()) - 5}
    return {"iss": ISSUER, "sub": f"sub-{who}", "name": who.title(), **verified, **others}


def recorded(**which: Any) -> list[AuditRow]:
    with transaction() as db:
        return list(reversed(audit.page(db, AuditFilter(**which))))


def test_the_first_who_signs_in_is_ops_and_the_next_a_coach() -> None:
    first, second = identify(claims("olga")), identify(claims("anna"))
    assert (first.role, second.role) == (Role.OPS, Role.COACH)
    assert (second.name, second.email, second.local) == ("Anna", "anna@example.org", False)
    assert first.account_id != second.account_id
    assert [(row.action, row.actor_email) for row in recorded()] == [
        ("account-made", "olga@example.org"),
        ("signed-in", "olga@example.org"),
        ("account-made", "anna@example.org"),
        ("signed-in", "anna@example.org"),
    ]


def test_whom_the_settings_name_is_ops_and_then_not_the_first(with_sign_in: Callable[..., None]) -> None:
    with_sign_in(ops_emails="Olga@Example.org")
    assert identify(claims("anna")).role is Role.COACH
    assert identify(claims("olga")).role is Role.OPS
    with_sign_in(ops_emails="olga@example.org,anna@example.org")
    assert identify(claims("anna")).role is Role.OPS  # named since


def test_the_same_person_again_has_the_same_account_whatever_their_address_is_now() -> None:
    before = identify(claims("anna"))
    after = identify(claims("anna", email="anna.smith@example.net", name="Anna Smith", iat=int(time.time())))
    assert after.account_id == before.account_id
    assert (after.email, after.name) == ("anna.smith@example.net", "Anna Smith")
    assert len(people.everyone()) == 1


def test_a_page_drawn_anew_is_no_new_sign_in() -> None:
    said = claims("anna")
    identify(said)
    identify(said)
    assert [row.action for row in recorded(action="signed-in")] == ["signed-in"]
    identify({**said, "iat": said["iat"] + 2})
    assert len(recorded(action="signed-in")) == 2


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"email": "anna@elsewhere.org"}, DomainNotAllowed),
        ({"email": "anna@sub.example.org"}, DomainNotAllowed),
        ({"email": "anna@evilexample.org"}, DomainNotAllowed),
        ({"email": "@example.org"}, DomainNotAllowed),
        ({"email": None}, DomainNotAllowed),
        ({"email_verified": False}, EmailNotVerified),
        ({"email_verified": None}, EmailNotVerified),
        ({"email_verified": "false"}, EmailNotVerified),
    ],
)
def test_who_may_not_come_in_makes_no_account_and_is_on_record_once(
    said: dict[str, Any], refusal: type[Exception]
) -> None:
    for _ in range(2):
        with pytest.raises(refusal, match=r"\."):
            identify(claims("anna", **said))
    assert people.everyone() == []
    assert [row.action for row in recorded()] == ["refused"]


def test_a_provider_that_does_not_say_verified_can_be_trusted(with_sign_in: Callable[..., None]) -> None:
    with_sign_in(oidc_trust_email="1")
    assert identify(claims("anna", email_verified=None)).email == "anna@example.org"


@pytest.mark.parametrize(
    "said",
    [
        {"iat": time.time() - 13 * 3600},
        {"iat": None},
        {"iat": "x"},
        {"iat": time.time() + 3600},
        {"sub": ""},
        {"iss": None},
    ],
)
def test_an_old_or_undated_sign_in_counts_no_more(said: dict[str, Any]) -> None:
    identify(claims("anna"))
    for ask in (identify, recognise):
        with pytest.raises(SignInExpired):
            ask(claims("anna", **said))


def test_a_disabled_account_is_out_at_once_and_may_be_let_in_again() -> None:
    anna = identify(claims("anna"))
    assert person_of(anna.account_id) == anna
    people.change(Change.DISABLE, "ANNA@example.org")
    for ask in (
        lambda: person_of(anna.account_id),
        lambda: identify(claims("anna")),
        lambda: recognise(claims("anna")),
    ):
        with pytest.raises(AccountDisabled):
            ask()
    people.change(Change.ENABLE, anna.account_id)
    assert recognise(claims("anna")) == anna
    with pytest.raises(AccountUnknown):
        person_of("nobody")
    with pytest.raises(AccountUnknown):
        recognise(claims("ben"))


def test_granting_and_revoking_is_for_ops_alone_and_on_record() -> None:
    olga, anna = identify(claims("olga")), identify(claims("anna"))
    with pytest.raises(NotAllowed):
        people.change(Change.GRANT, anna.email, person=anna)
    with pytest.raises(NotAllowed):
        people.everyone(anna)
    assert people.change(Change.GRANT, anna.email, person=olga).role is Role.OPS
    people.change(Change.GRANT, anna.email, person=olga)  # again: nothing changes, nothing is recorded
    assert person_of(anna.account_id).is_ops
    people.change(Change.REVOKE, anna.email, person=olga)
    assert not person_of(anna.account_id).is_ops
    changes = [(row.action, row.actor, row.target) for row in recorded() if row.target and row.action != "account-made"]
    assert changes == [("granted", olga.account_id, anna.email), ("revoked", olga.account_id, anna.email)]


def test_the_last_ops_cannot_lock_everybody_out_but_the_command_may() -> None:
    olga = identify(claims("olga"))
    for change in (Change.REVOKE, Change.DISABLE):
        with pytest.raises(people.LastOps):
            people.change(change, olga.email, person=olga)
    assert people.main(["disable", olga.email]) == 0
    with pytest.raises(AccountDisabled):
        person_of(olga.account_id)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    identify(claims("olga"))
    identify(claims("anna"))
    assert people.main(["grant", "anna@example.org"]) == 0
    assert "anna@example.org is ops now." in capsys.readouterr().out
    assert people.main(["list"]) == 0
    assert [line.split()[1:3] for line in capsys.readouterr().out.splitlines()] == [
        ["ops", "anna@example.org"],
        ["ops", "olga@example.org"],
    ]
    assert people.main(["grant", "nobody@example.org"]) == 1
    assert "There is no account" in capsys.readouterr().err
    assert people.main(["grunt", "x"]) == 2
    identify(claims("anna", sub="another"))
    assert people.main(["disable", "anna@example.org"]) == 1
    assert "name one by its id" in capsys.readouterr().err


def test_without_sign_in_there_is_one_local_person(with_sign_in: Callable[..., None]) -> None:
    with_sign_in(oidc_issuer="")
    assert person_of("coach") == local_person() == Person("coach", "coach", "", Role.OPS, local=True)
    with_sign_in(**SIGN_IN)
    with pytest.raises(AccountUnknown):  # no way in under the local name once people sign in
        person_of("coach")


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_record_is_never_changed(statement: str) -> None:
    identify(claims("anna"))
    before = recorded()
    with pytest.raises(DBAPIError, match="never changed or removed"), transaction() as db:
        db.execute(text(statement))
    assert recorded() == before != []


def test_a_person_is_a_key_of_shared_answers_and_two_are_never_the_same() -> None:
    assert hash(coach("anna")) == hash(coach("anna"))
    assert coach("anna") != coach("ben")
    assert sign_in.AccountDisabled().args == (AccountDisabled.__doc__,)
