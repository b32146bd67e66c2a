"""How fast sessions went: what estimates learn from."""

from typing import Any

from sqlalchemy import Float, Subquery, func, select
from sqlalchemy.orm import Session

from store.schema import Attempt, CoachingSession
from store.states import Status

LEARN_FROM_LATEST = 200
LOOK_AT_LATEST = 500  # finished sessions of an engine, to find those of one of its models


def latest_completed(engine: str) -> Subquery:
    """SQL for the sessions of an engine that were completed last, demo sessions apart: all that is ever looked at, so
    that a model which nobody used yet does not cost a look at every session there is."""
    return (
        select(CoachingSession.id, CoachingSession.attempt, CoachingSession.duration_total, CoachingSession.finished_at)
        .where(
            CoachingSession.status == Status.COMPLETED,
            CoachingSession.finished_at.is_not(None),  # said apart, so that Postgres sees which index will do
            CoachingSession.engine == engine,
            CoachingSession.demo.is_(False),
        )
        .order_by(CoachingSession.finished_at.desc())
        .limit(LOOK_AT_LATEST)
        .subquery("latest")
    )


def finished_paces(db: Session, engine: str, model: str = "") -> list[tuple[float, float, int]]:
    """(seconds of audio, seconds of processing, sessions at once) of the latest sessions of this engine and model that
    were made in one go."""
    took: Any = func.extract("epoch", Attempt.finished_at - Attempt.started_at).cast(Float)
    latest = latest_completed(engine)
    statement = (
        select(latest.c.duration_total, took, Attempt.at_once)
        .join(Attempt, (Attempt.session_id == latest.c.id) & (Attempt.number == latest.c.attempt))
        .where(Attempt.model == model, Attempt.outcome == "completed", Attempt.resumed_sec == 0)
        .order_by(latest.c.finished_at.desc())
        .limit(LEARN_FROM_LATEST)
    )
    return [(row[0], row[1], row[2]) for row in db.execute(statement)]
