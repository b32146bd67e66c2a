"""On whose behalf a transaction is made."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    COACH = "coach"  # sees their own sessions
    OPS = "ops"  # sees all, mends what is stuck, and says who may do what


@dataclass(frozen=True)
class Scope:
    """A person, as far as the database needs to know them."""

    account_id: str
    role: Role
