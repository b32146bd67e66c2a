"""How fast sessions went: what estimates learn from, and the figures and charts of the speed page."""

from typing import Any

from sqlalchemy import Float, func, select
from sqlalchemy.orm import Session

from store.schema import Attempt, CoachingSession
from store.states import Status

LEARN_FROM_LATEST = 200
LEARN_FROM_NEAREST = 25


def finished_ratios(db: Session, engine: str, duration_sec: float) -> list[float]:
    """Processing time over audio time of finished sessions of this engine, made in one go.

    Of the latest 200, the 25 whose length is nearest to `duration_sec` (as a ratio): the start-up of an attempt weighs
    more on a short recording, and machines and loads change over the months.
    """
    latest = (
        select(
            CoachingSession.duration_total.label("duration"),
            func.extract("epoch", Attempt.finished_at - Attempt.started_at).cast(Float).label("took"),
        )
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
        .subquery()
    )
    nearest: Any = func.abs(func.ln(latest.c.duration / duration_sec))
    return list(db.scalars(select(latest.c.took / latest.c.duration).order_by(nearest).limit(LEARN_FROM_NEAREST)))
