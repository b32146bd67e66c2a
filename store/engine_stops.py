"""Engines that refuse this installation: nothing is claimed for them until the next try, and operations see why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from store.provider_schema import EngineStop
from store.schema import CLOCK


@dataclass(frozen=True)
class Stop:
    """Why an engine is stopped; `detail` is what the provider said."""

    engine: str
    error_code: str
    error_text: str
    detail: str | None
    since: datetime
    next_try_at: datetime


def stop(db: Session, engine: str, cause: tuple[str, str, str | None], *, wait_sec: float) -> None:
    """Stop the engine for `wait_sec`, or for as long again; `since` stays that of the first time.

    `cause` is the error's code and sentence, and what the provider said.
    """
    facts: dict[str, Any] = dict(zip(("error_code", "error_text", "detail"), cause, strict=True))
    facts["next_try_at"] = CLOCK + timedelta(seconds=wait_sec)
    statement = upsert(EngineStop).values(engine=engine, **facts)
    db.execute(statement.on_conflict_do_update(index_elements=[EngineStop.engine], set_=facts))


def clear(db: Session, engine: str) -> bool:
    """The engine serves us again; whether it was stopped."""
    return (
        db.execute(delete(EngineStop).where(EngineStop.engine == engine).returning(EngineStop.engine)).first()
        is not None
    )


def try_now(db: Session, engine: str) -> bool:
    """Let sessions of the engine be claimed at once; whether it was stopped."""
    asked = update(EngineStop).where(EngineStop.engine == engine).values(next_try_at=CLOCK)
    return db.execute(asked.returning(EngineStop.engine)).first() is not None


def stops(db: Session) -> list[Stop]:
    """All engines that are stopped, also those whose next try has come but not succeeded yet."""
    columns = [getattr(EngineStop, name) for name in Stop.__dataclass_fields__]
    return [Stop(*row) for row in db.execute(select(*columns).order_by(EngineStop.engine))]


def is_stopped(engine: Any) -> ColumnElement[bool]:
    """SQL for whether the engine in this column is stopped now."""
    return exists().where(EngineStop.engine == engine, EngineStop.next_try_at > CLOCK)
