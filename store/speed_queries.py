"""How fast sessions went: what estimates learn from."""

from sqlalchemy import Float, func, select
from sqlalchemy.orm import Session

from store.schema import Attempt, CoachingSession
from store.states import Status

LEARN_FROM_LATEST = 200


def finished_paces(db: Session, engine: str, model: str = "") -> list[tuple[float, float, int]]:
    """(seconds of audio, seconds of processing, sessions at once) of the latest sessions of this engine and model that
    were made in one go."""
    took = func.extract("epoch", Attempt.finished_at - Attempt.started_at).cast(Float)
    statement = (
        select(CoachingSession.duration_total, took, Attempt.at_once)
        .join(Attempt, Attempt.session_id == CoachingSession.id)
        .where(
            CoachingSession.status == Status.COMPLETED,
            CoachingSession.finished_at.is_not(None),
            CoachingSession.engine == engine,
            CoachingSession.demo.is_(False),
            Attempt.model == model,
            Attempt.number == CoachingSession.attempt,
            Attempt.outcome == "completed",
            Attempt.resumed_sec == 0,
        )
        .order_by(CoachingSession.finished_at.desc())
        .limit(LEARN_FROM_LATEST)
    )
    return [(row[0], row[1], row[2]) for row in db.execute(statement)]
