"""The query of the session list: filters, order, and where the page begins."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from store.history_cursor import LONGEST_CURSOR
from store.history_queries import HistoryFilter, Sort
from store.states import Status

NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"
Order = Literal[
    "-created",
    "created",
    "-finished",
    "finished",
    "-title",
    "title",
    "-duration",
    "duration",
    "-processing",
    "processing",
    "-speed",
    "speed",
]


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    try:  # Postgres knows no offsets beyond 16 hours
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("there is no such time") from None


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2025-01-09T00:00:00Z", "2025-01-09"]}),
]


class ListQuery(BaseModel):
    """Everything left out means any."""

    model_config = ConfigDict(extra="forbid")

    status: list[Status] = Field([], max_length=5, description="may be given several times")
    engine: str | None = Field(None, max_length=64, pattern=NO_CONTROL_CHARACTERS)
    text: str = Field("", max_length=200, pattern=NO_CONTROL_CHARACTERS, description="in the title or the file name")
    since: Moment | None = Field(None, description="uploaded at this time or later; UTC unless it says otherwise")
    until: Moment | None = Field(None, description="uploaded before this time")
    sort: Order = Field("-created", description="`-` for the greatest or newest first")
    cursor: str | None = Field(None, max_length=LONGEST_CURSOR, pattern=r"^[A-Za-z0-9_-]+$")
    limit: int = Field(50, ge=1, le=200)

    def filter(self, owner: str | None) -> HistoryFilter:
        return HistoryFilter(frozenset(self.status), self.engine, self.since, self.until, self.text, owner)

    def order(self) -> Sort:
        return Sort.from_word(self.sort)


Which = Annotated[ListQuery, Query()]
