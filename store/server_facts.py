"""What Postgres tells of itself and of who is connected, for the check of an installation."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from store.database import shown_as
from store.provider_schema import EngineStop

_FACTS = text(
    """
    SELECT current_setting('server_version') AS version,
           current_setting('server_version_num')::int / 10000 AS major,
           clock_timestamp() AS now,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
           current_setting('max_connections')::int AS most_connections
    """
)
_SILENCES = text(
    """
    SELECT extract(epoch FROM clock_timestamp() - state_change)::float8 AS silent_sec FROM pg_stat_activity
    WHERE application_name = :shown_as AND datname = current_database() AND state_change IS NOT NULL
    ORDER BY silent_sec
    """
)


@dataclass(frozen=True)
class ServerFacts:
    """Postgres as it is now; `connections` counts those of all its databases."""

    version: str
    major: int
    now: datetime
    connections: int
    most_connections: int


@dataclass(frozen=True)
class StoppedEngine:
    """An engine that refused this installation, until it is tried again at `next_try_at`."""

    engine: str
    error_code: str
    error_text: str
    detail: str | None
    since: datetime
    next_try_at: datetime


def server_facts(db: Session) -> ServerFacts:
    """Postgres' version, clock and connections."""
    return ServerFacts(**db.execute(_FACTS).one()._mapping)


def silences(db: Session, program: str) -> list[float]:
    """Seconds since each connection of `program` (as in `name_program`) was last used; shortest first."""
    return list(db.scalars(_SILENCES, {"shown_as": shown_as(program)}))


def stopped_engines(db: Session) -> list[StoppedEngine]:
    """The engines that are stopped, by name."""
    names = StoppedEngine.__dataclass_fields__
    rows = db.execute(select(*(getattr(EngineStop, name) for name in names)).order_by(EngineStop.engine))
    return [StoppedEngine(**row._mapping) for row in rows]
