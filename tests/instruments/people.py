"""People of a desk with sign-in, as the policy knows them."""

from jobs.policy import Person
from store.scope import Role


def coach(account_id: str = "anna") -> Person:
    return Person(account_id, account_id, f"{account_id}@example.org", Role.COACH)


def ops(account_id: str = "olga") -> Person:
    return Person(account_id, account_id, f"{account_id}@example.org", Role.OPS)
