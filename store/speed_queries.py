"""How fast sessions went: what estimates learn from, and the figures and charts of the speed page."""

from sqlalchemy import Float, func, select
from sqlalchemy.orm import Session

from store.schema import Attempt, CoachingSession
from store.states import Status

LEARN_FROM_LATEST = 200


def finished_paces(db: Session, engine: str) -> list[tuple[float, float]]:
    """(seconds of audio, seconds of processing) of the latest sessions of this engine that were made in one go."""
    took = func.extract("epoch", Attempt.finished_at - Attempt.started_at).cast(Float)
    statement = (
        select(CoachingSession.duration_total, took)
        .join(Attempt, Attempt.session_id == CoachingSession.id)
        .where(
            CoachingSession.status == Status.COMPLETED,
            CoachingSession.engine == engine,
            CoachingSession.demo.is_(False),
            Attempt.number == CoachingSession.attempt,
            Attempt.outcome == "completed",
            Attempt.resumed_sec == 0,
        )
        .order_by(CoachingSession.finished_at.desc())
        .limit(LEARN_FROM_LATEST)
    )
    return [(row[0], row[1]) for row in db.execute(statement)]
