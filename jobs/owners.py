"""Whose a session is, for operations."""

from jobs.policy import Action, Person, may
from store import accounts
from store.database import transaction


def owner_names(person: Person, owners: frozenset[str]) -> dict[str, str]:
    """E-mail address by owner, for those that are accounts; empty for a coach, who sees nobody else's sessions."""
    if person.local or not may(person, Action.MEND) or not owners:
        return {}
    with transaction() as db:  # the product's own: nobody else reads accounts
        return accounts.emails(db, owners)
