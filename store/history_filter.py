"""Which sessions somebody wants to see."""

from dataclasses import dataclass
from datetime import datetime

from store.printable import printable
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
        """The text as it is looked for: tidied as titles and file names were."""
        return printable(self.text)


FINISHED = HistoryFilter(statuses=FINAL)
