"""How good the estimates were that people were shown: by engine, by fraction done, and over time."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.engines.registry import statistic_title
from jobs.estimate.scoring import Accuracy
from jobs.histogram import bins_of, quantile
from store.estimates import SUBMITTED
from store.statistics import LATE_STEPS, STEPS, Bucket


@dataclass(frozen=True)
class Row:
    """The accuracy of an engine's estimates at some point of a session's life: `At submission`, or `25 % done`."""

    engine: str
    point: str
    accuracy: Accuracy


@dataclass(frozen=True)
class Span:
    """One hour, day or week of the trend, of one engine."""

    start: datetime
    engine: str
    accuracy: Accuracy


@dataclass(frozen=True)
class AccuracyView:
    """Of all estimates of the sessions completed in a range of time; `overall` is None without any."""

    overall: Accuracy | None
    rows: list[Row]
    trend: list[Span]


def figures(buckets: Sequence[Bucket]) -> AccuracyView:
    """The accuracy that these statistics tell of, demo sessions apart. Pure."""
    measured = [(bucket, _by_fraction(bucket)) for bucket in buckets if not bucket.demo]
    points: dict[tuple[str, float], Counter[str]] = {}
    spans = []
    for bucket, fractions in measured:
        for fraction, counters in fractions.items():
            points.setdefault((bucket.engine, fraction), Counter()).update(counters)
        if (found := _accuracy(fractions.values())) is not None:
            spans.append(Span(bucket.start, statistic_title(bucket.engine), found))
    rows = [
        Row(statistic_title(engine), point_text(fraction), found)
        for (engine, fraction), counters in sorted(points.items(), key=lambda point: point[0])
        if (found := _accuracy([counters])) is not None
    ]
    return AccuracyView(_accuracy(points.values()), rows, spans)


def point_text(fraction: float) -> str:
    """When in a session's life an estimate was made."""
    if fraction == SUBMITTED:
        return "At submission"
    return "At the start" if fraction == 0 else f"{fraction:.0%} done"


def _by_fraction(bucket: Bucket) -> dict[float, Counter[str]]:
    """What is counted of estimates at each fraction, without the fraction in its name."""
    found: dict[float, Counter[str]] = {}
    for key, number in bucket.counters.items():
        name, _, rest = key.partition("/")
        if name in {"scored", "error", "late", "interval", "held"}:
            fraction, _, number_of_bin = rest.partition("/")
            found.setdefault(float(fraction), Counter())[f"{name}/{number_of_bin}"] += number  # type: ignore[assignment]
    return found


def _accuracy(counted: Iterable[Counter[str]]) -> Accuracy | None:
    """The figures of these counters together; the bias as a share, positive when sessions took longer."""
    total: Counter[str] = Counter()
    for counters in counted:
        total.update(counters)
    error = quantile(bins_of(total, "error"), 0.5, STEPS)
    late = quantile(bins_of(total, "late"), 0.5, LATE_STEPS)
    if error is None or late is None:
        return None
    intervals = round(total["interval/"])
    return Accuracy(
        estimates=round(total["scored/"]),
        median_error=error,
        bias=late - 1,
        intervals=intervals,
        coverage=total["held/"] / intervals if intervals else None,
    )
