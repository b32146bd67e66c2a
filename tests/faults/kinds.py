"""The kinds of faults there are: of any desk, of engines on this machine, and of Google alone."""

from dataclasses import dataclass

from tests.faults import remote_points
from tests.faults.crash_points import FROZEN, RECONCILE, UPLOAD, WORK, CrashPoint


@dataclass(frozen=True)
class Kind:
    """A kind of fault: its lane, how often it falls against the others of its lane, and how long it lasts (seconds)."""

    lane: str
    weight: int
    shortest_sec: float = 0.0
    longest_sec: float = 0.0


OF_ANY: dict[str, Kind] = {
    "work-horse killed": Kind("processes", 5),
    "worker killed": Kind("processes", 5),
    "worker's tree killed": Kind("processes", 3),
    "worker's tree stopped past its lease": Kind("stops", 1, 1.0, 3.0),  # beyond the lease
    "reconciler killed": Kind("processes", 3),
    "web killed during an upload": Kind("web", 1),
    "Redis killed, its data gone": Kind("queue", 3),
    "Redis flushed": Kind("queue", 4),
    "Redis frozen": Kind("queue", 2, 2.0, 6.0),
    "Redis out of memory": Kind("queue", 3, 2.0, 5.0),
    "every job enqueued five times": Kind("queue", 4, 2.0, 4.0),
    "Postgres stopped at once": Kind("database", 2),
    "Postgres restarted": Kind("database", 2),
    "Postgres frozen": Kind("database", 2, 2.0, 6.0),
    "backends terminated": Kind("database", 3),
    "backend terminated at COMMIT": Kind("database", 4),
    "connection cut before COMMIT": Kind("database", 4),
    "connection cut after COMMIT": Kind("database", 4),
    "connections cut": Kind("database", 3),
    "connections delayed": Kind("database", 2, 2.0, 4.0),
    "connections silent": Kind("database", 2, 1.0, 3.0),
    "connections refused": Kind("database", 2, 1.0, 3.0),
}
OF_LOCAL: dict[str, Kind] = {
    "recognising process killed": Kind("processes", 2),
    "process with a core killed": Kind("processes", 2),
    "process with a core stopped": Kind("stops", 1),  # for good
    "disk full for audio": Kind("disk", 1, 2.0, 4.0),
}
OF_GOOGLE: dict[str, Kind] = {
    "Google: quota exceeded (429)": Kind("calls", 3, 1.0, 3.0),
    "Google: internal errors (500)": Kind("calls", 3, 1.0, 3.0),
    "Google: unavailable (503)": Kind("calls", 3, 1.0, 3.0),
    "Google: calls hang": Kind("calls", 2, 2.0, 4.0),
    "Google: permission denied": Kind("calls", 1, 1.0, 2.0),
    "speech server killed": Kind("calls", 1, 0.0, 2.0),
    "Google: 500 although accepted": Kind("submissions", 2),
    "Google: 503 although accepted": Kind("submissions", 2),
    "Google: accepted after the client's timeout": Kind("submissions", 3),
    "operation lost": Kind("operations", 2),
    "operation failed": Kind("operations", 1),
    "operation refused": Kind("operations", 1),
    "result truncated": Kind("operations", 1),
    "file failed": Kind("operations", 1),
    "operation listed late": Kind("operations", 2),
    "storage answers 503": Kind("storage", 2, 1.0, 4.0),
    "storage server killed": Kind("storage", 1, 0.0, 2.0),
}
EVERY_SEC = {"processes": 3.2, "stops": 14.0, "web": 30.0, "queue": 7.0, "database": 5.0, "disk": 30.0}
EVERY_SEC_OF_GOOGLE = {  # more of Google's own, and fewer of the others: a session takes longer there
    "processes": 6.0,
    "stops": 25.0,
    "web": 45.0,
    "queue": 20.0,
    "database": 12.0,
    "calls": 2.0,
    "submissions": 1.0,
    "operations": 1.5,
    "storage": 20.0,
}
WEB_POINTS, WORKER_POINTS, RECONCILER_POINTS = (
    f"points of the {program}" for program in ("web process", "worker", "reconciler")
)
APART_SEC = {WEB_POINTS: 7.0, WORKER_POINTS: 0.8, RECONCILER_POINTS: 4.0}  # points fall; a web process has to come back


@dataclass(frozen=True)
class Kinds:
    """All kinds of one engine's runs; `every_sec` is how far apart those of a lane fall, about."""

    faults: dict[str, Kind]
    every_sec: dict[str, float]
    points: dict[str, tuple[CrashPoint, ...]]
    long_freeze_share: float = 0.2  # of a run, Redis is frozen once: 30 s in 150 s, and the longest in 300 s and more

    @property
    def names(self) -> set[str]:
        """As the report has them."""
        return {*self.faults, *(point.kind for lane in self.points.values() for point in lane)}


KINDS_OF = {
    "suite": Kinds(
        OF_ANY | OF_LOCAL,
        EVERY_SEC,
        {WEB_POINTS: UPLOAD, WORKER_POINTS: (*WORK, *FROZEN), RECONCILER_POINTS: RECONCILE},
    ),
    "google": Kinds(
        OF_ANY | OF_GOOGLE,
        EVERY_SEC_OF_GOOGLE,
        {
            WEB_POINTS: UPLOAD,
            WORKER_POINTS: (*remote_points.WORK, *remote_points.FROZEN),
            RECONCILER_POINTS: (*RECONCILE, *remote_points.END_ABANDONED),
        },
        long_freeze_share=0.05,
    ),
}


def kinds_of(engine: str) -> Kinds:
    """The product's own local engines meet the faults of the suite's."""
    return KINDS_OF.get(engine, KINDS_OF["suite"])
