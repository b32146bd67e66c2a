"""A mark that is another one whenever this process has changed something that answers rest on.

Whoever keeps answers takes the mark before asking the database, and uses what is kept only while it is still the
latest: a change made here is then seen at once, and an answer that was on its way meanwhile is not taken for new. The
mark is compared by identity, so threads need no lock.
"""

from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

NOTED = "something-changed"
_latest = object()


def latest() -> object:
    return _latest


def note(db: Session) -> None:
    """This transaction changes what answers rest on: sessions, uploads, or who may do what."""
    db.info[NOTED] = True


def noted(db: Session, statement: ReturningUpdate[Any]) -> bool:
    """Execute an UPDATE that returns what it changed; whether it changed anything, which is noted then."""
    changed = db.execute(statement).first() is not None
    if changed:
        note(db)
    return changed


def tell() -> None:
    """Something has changed: no answer that is kept holds any more."""
    global _latest
    _latest = object()


def ended(db: Session) -> None:
    """However it ended: of a commit that failed nobody knows whether it happened, and to read again does no harm."""
    if db.info.pop(NOTED, False):
        tell()
