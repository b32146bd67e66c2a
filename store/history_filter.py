"""Which sessions somebody wants to see."""

from dataclasses import dataclass
from datetime import datetime

from store.states import FINAL, Status


@dataclass(frozen=True)
class HistoryFilter:
    """Which sessions; everything left out means any. `text` is looked for in title and file name."""

    statuses: frozenset[Status] = frozenset()
    engine: str | None = None
    since: datetime | None = None  # uploaded at this time or later
    until: datetime | None = None  # uploaded before this time
    text: str = ""
    owner: str | None = None

    @property
    def words(self) -> str:
        """The text as it is looked for; Postgres has no NUL in text."""
        return self.text.replace("\0", "").strip()


FINISHED = HistoryFilter(statuses=FINAL)
