"""The tables of statistics: what the speed page shows, kept by hour, day and week; see store/statistics.py."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from store.schema import CLOCK, Base


class Statistic(Base):
    """Counters of the sessions that ended in an hour, a day or a week (UTC), of an owner or, with an empty one, of
    everybody; and some of those sessions, drawn by chance, as dots for charts."""

    __tablename__ = "statistic"

    owner: Mapped[str] = mapped_column(primary_key=True)
    grain: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    engine: Mapped[str] = mapped_column(primary_key=True)
    demo: Mapped[bool] = mapped_column(primary_key=True)
    counters: Mapped[dict[str, Any]]
    sample: Mapped[list[Any]] = mapped_column(JSONB)
    made_at: Mapped[datetime] = mapped_column(server_default=CLOCK)

    __table_args__ = (
        CheckConstraint("grain IN ('hour', 'day', 'week')", name="statistic_grain"),
        Index("statistic_start", "grain", "start"),
    )


class StatisticStale(Base):
    """An hour whose statistics have to be made anew: a trigger notes it with every session that ends, is taken up again
    or is deleted. One row an event, so that workers which finish at once have no row to wait for."""

    __tablename__ = "statistic_stale"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    hour: Mapped[datetime]
    noted_at: Mapped[datetime] = mapped_column(server_default=CLOCK)
