"""Engines that refuse this installation: who waits for them, and trying them again at once."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from jobs import doorbell, policy
from jobs.engines.registry import engine_label
from jobs.policy import Person, on_behalf_of
from store import audit, engine_stops
from store.audit import Action
from store.claims import due_count
from store.engine_stops import Stop
from store.session_queries import waiting_by_engine


@dataclass(frozen=True)
class StoppedEngine:
    """A stopped engine as operations see it; `waiting` sessions start by themselves once it serves us again."""

    stop: Stop
    label: str
    waiting: int


def stopped_engines(db: Session) -> list[StoppedEngine]:
    """All engines that are stopped, with what waits for them."""
    stops = engine_stops.stops(db)
    waiting = waiting_by_engine(db) if stops else {}
    return [StoppedEngine(stop, engine_label(stop.engine), waiting.get(stop.engine, 0)) for stop in stops]


def try_now(engine: str, person: Person) -> None:
    """Let workers try the engine at once instead of in a minute. NotAllowed for a coach."""
    policy.require(person, policy.Action.MEND)
    with on_behalf_of(person) as db:
        engine_stops.try_now(db, engine)
        audit.record(db, Action.ENGINE_TRIED, person.actor, target=engine)
        due = due_count(db)
    doorbell.ring(min(due, 1))
