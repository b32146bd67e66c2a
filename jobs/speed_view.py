"""The figures of the speed page: how fast, how reliably, and of which sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median

from jobs import accuracy_view
from jobs.accuracy_view import AccuracyView
from jobs.policy import Person, on_behalf_of, scope_of
from store.database import database_now
from store.estimates import outcomes_since
from store.speed_queries import Ended, Pace, ended_since, paces_since
from store.stage_queries import Failure, Stages, failures_since, stages_since
from store.states import Status

MOST_PACES = 2_000


@dataclass(frozen=True)
class SpeedView:
    """Sessions that ended in a range of time. `success_rate`: completed of completed and failed, None without any."""

    paces: list[Pace]
    completed: int
    failed: int
    cancelled: int
    demo: int
    typical_speed: float | None
    success_rate: float | None
    audio_hours: float
    cut: bool  # more sessions than are drawn: the newest are
    stages: list[Stages] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)  # attempts that ended with an error
    accuracy: AccuracyView = field(default_factory=lambda: accuracy_view.figures([]))

    @property
    def typical_wait_sec(self) -> float | None:
        """The median time in the queue; None without any."""
        return median(one.wait_sec for one in self.stages) if self.stages else None


def speed(days: int, person: Person) -> SpeedView:
    """What ended in the last `days` days, of what the person may see."""
    owner = scope_of(person)
    with on_behalf_of(person) as db:
        since: datetime = database_now(db) - timedelta(days=days)
        found = figures(
            paces_since(db, since, owner=owner, most=MOST_PACES + 1), ended_since(db, since, owner=owner), MOST_PACES
        )
        return replace(
            found,
            stages=stages_since(db, since, owner=owner, most=MOST_PACES),
            failures=failures_since(db, since, owner=owner),
            accuracy=accuracy_view.figures(outcomes_since(db, since, owner=owner)),
        )


def figures(paces: Sequence[Pace], ended: Sequence[Ended], most: int) -> SpeedView:
    """The figures of these sessions; of the paces the first `most` are kept. Pure."""
    numbers = {status: sum(group.number for group in ended if group.status is status) for status in Status}
    completed, failed = numbers[Status.COMPLETED], numbers[Status.FAILED]
    kept = list(paces[:most])
    return SpeedView(
        paces=kept,
        completed=completed,
        failed=failed,
        cancelled=numbers[Status.CANCELLED],
        demo=sum(group.number for group in ended if group.demo),
        typical_speed=median(pace.speed for pace in kept) if kept else None,
        success_rate=completed / (completed + failed) if completed + failed else None,
        audio_hours=sum(pace.audio_sec for pace in kept) / 3600,
        cut=len(paces) > most,
    )
