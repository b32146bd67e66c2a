"""The figures of the speed page: how fast, how reliably, and of which sessions. Read from the statistics that the
reconciler keeps, so that they cost the same however many sessions there are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock

from jobs import accuracy_view
from jobs.accuracy_view import AccuracyView
from jobs.histogram import bins_of, quantile, typical
from jobs.policy import Person, on_behalf_of, scope_of
from store import statistics
from store.statistics import Bucket

LONGEST_BY_HOUR, LONGEST_BY_DAY = 1, 31  # days of a range that is shown by hour, by day; longer ones by week
MOST_KEPT = 64  # views, for the viewers who come next


@dataclass(frozen=True)
class Pace:
    """A completed session as a dot of the charts; `wait_sec`: in the queue, None where it needed several attempts."""

    finished_at: datetime
    engine: str
    demo: bool
    audio_sec: float
    processing_sec: float
    wait_sec: float | None

    @property
    def speed(self) -> float:
        """Seconds of audio a second of processing."""
        return self.audio_sec / self.processing_sec


@dataclass(frozen=True)
class Span:
    """What was typical of an engine in an hour, a day or a week; None where no session tells."""

    start: datetime
    engine: str
    speed: float | None
    wait_sec: float | None


@dataclass(frozen=True)
class Spread:
    """The speeds of an engine: their median, and between which the middle half lies."""

    engine: str
    low: float
    typical: float
    high: float
    sessions: int


@dataclass(frozen=True)
class Failed:
    """How many attempts ended with an error in an hour, a day or a week."""

    start: datetime
    error_code: str
    number: int


@dataclass(frozen=True)
class SpeedView:
    """Sessions that ended in a range of time. `success_rate`: completed of completed and failed, None without any."""

    paces: list[Pace]  # all of them, or some drawn by chance from each hour, day or week
    completed: int
    failed: int
    cancelled: int
    demo: int
    typical_speed: float | None
    typical_wait_sec: float | None
    success_rate: float | None
    audio_hours: float
    cut: bool  # more sessions than are drawn as dots
    trend: list[Span]
    engines: list[Spread]
    failures: list[Failed]
    accuracy: AccuracyView = field(default_factory=lambda: accuracy_view.figures([]))
    as_of: datetime | None = None
    late_sec: float = 0.0  # how far the statistics lag behind


_lock = Lock()
_kept: dict[tuple[str, int, str | None], tuple[object, SpeedView]] = {}


def speed(days: int, person: Person) -> SpeedView:
    """What ended in the last `days` days, of what the person may see. Kept until the statistics change."""
    owner = scope_of(person)
    grain = "hour" if days <= LONGEST_BY_HOUR else "day" if days <= LONGEST_BY_DAY else "week"
    asked = (grain, days, owner)
    with on_behalf_of(person) as db:
        edition = statistics.edition(db, grain, days, owner=owner)
        with _lock:
            identity, found = _kept.get(asked, (None, None))
        if found is None or identity != edition.identity:
            found = figures(statistics.buckets(db, grain, edition.since, owner=owner))
            _keep(asked, edition.identity, found)
    return replace(found, as_of=edition.as_of, late_sec=(edition.now - edition.as_of).total_seconds())


def forget() -> None:
    """Read the statistics anew, whether they have changed or not."""
    with _lock:
        _kept.clear()


def figures(buckets: Sequence[Bucket]) -> SpeedView:
    """The figures that these statistics tell of. Pure."""
    total: Counter[str] = Counter()
    for bucket in buckets:
        total.update(bucket.counters)
    paces = [pace for bucket in buckets for pace in _paces(bucket)]
    completed, failed, cancelled = (round(total[state]) for state in ("completed", "failed", "cancelled"))
    waits = [pace.wait_sec for pace in paces if pace.wait_sec is not None]
    return SpeedView(
        paces=paces,
        completed=completed,
        failed=failed,
        cancelled=cancelled,
        demo=round(sum(_ended(bucket) for bucket in buckets if bucket.demo)),
        typical_speed=typical([pace.speed for pace in paces], bins_of(total, "speed")),
        typical_wait_sec=typical(waits, bins_of(total, "wait")),
        success_rate=completed / (completed + failed) if completed + failed else None,
        audio_hours=total["audio"] / 3600,
        cut=total["paced"] > len(paces),
        trend=[span for span in _spans(buckets) if span.speed or span.wait_sec is not None],
        engines=[_spread(engine, buckets) for engine in sorted({pace.engine for pace in paces})],
        failures=[
            Failed(bucket.start, key.removeprefix("cause/"), round(number))
            for bucket in buckets
            for key, number in bucket.counters.items()
            if key.startswith("cause/")
        ],
        accuracy=accuracy_view.figures(buckets),
    )


def _keep(asked: tuple[str, int, str | None], identity: object, view: SpeedView) -> None:
    with _lock:
        _kept.pop(asked, None)
        _kept[asked] = (identity, view)
        while len(_kept) > MOST_KEPT:
            del _kept[next(iter(_kept))]


def _paces(bucket: Bucket) -> list[Pace]:
    return [
        Pace(datetime.fromtimestamp(ended, UTC), bucket.engine, bucket.demo, audio_sec, processing_sec, wait_sec)
        for _, ended, audio_sec, processing_sec, wait_sec in bucket.sample
    ]


def _ended(bucket: Bucket) -> float:
    return sum(bucket.counters.get(state, 0) for state in ("completed", "failed", "cancelled"))


def _spans(buckets: Sequence[Bucket]) -> Iterator[Span]:
    """One for an hour, a day or a week of an engine, measured and demo sessions together."""
    alike: dict[tuple[datetime, str], list[Bucket]] = {}
    for bucket in buckets:
        alike.setdefault((bucket.start, bucket.engine), []).append(bucket)
    for (start, engine), together in alike.items():
        counters: Counter[str] = Counter()
        for bucket in together:
            counters.update(bucket.counters)
        paces = [pace for bucket in together for pace in _paces(bucket)]
        waits = [pace.wait_sec for pace in paces if pace.wait_sec is not None]
        speed = typical([pace.speed for pace in paces], bins_of(counters, "speed"))
        yield Span(start, engine, speed, typical(waits, bins_of(counters, "wait")))


def _spread(engine: str, buckets: Sequence[Bucket]) -> Spread:
    ours = [bucket for bucket in buckets if bucket.engine == engine]
    bins: Counter[int] = Counter()
    for bucket in ours:
        bins.update(bins_of(bucket.counters, "speed"))
    speeds = [pace.speed for bucket in ours for pace in _paces(bucket)]
    low, high = (quantile(bins, share) or 0.0 for share in (0.25, 0.75))
    return Spread(engine, low, typical(speeds, bins) or 0.0, high, round(sum(bins.values())))
