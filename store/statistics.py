"""Statistics of what has ended, kept by hour, day and week (UTC), so that no reader has to look at the sessions.

An hour is made anew from its sessions whenever one of them ended, was taken up again or deleted (a trigger notes it);
days are the sum of their hours, weeks that of their days. So a deleted session takes its influence with it, and it does
no harm when two processes make the same hour. Counters, by key:

    completed, failed, cancelled    sessions that ended so
    paced, audio                    sessions whose speed is known, and their seconds of audio
    speed/BIN, wait/BIN             sessions by speed, and by seconds in the queue (those that needed one attempt)
    cause/CODE                      attempts that ended with this error
    scored/F                        estimates shown at the fraction F of sessions that are completed
    error/F/BIN, late/F/BIN         by their error, as a share of what it took, and by actual/estimated
    interval/F, held/F              those with an interval, and those whose interval held

The bin of a value is round(STEPS * log2(value)); see `jobs/histogram.py`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from store import locks
from store.statistics_schema import Statistic, StatisticStale

STEPS = 8  # bins that double a value
LATE_STEPS = 32  # the same for actual/estimated, which lies near 1
SAMPLE = 6  # sessions of an hour, day or week that are kept as dots
HOURS_KEPT = timedelta(days=3)

LEAST = 1e-4  # below it all values are one


_ENGINE = "concat_ws(':', {}.engine, nullif(a.model, ''))"  # the model goes with it, where an engine has several


def _bin(value: str, steps: int = STEPS) -> str:
    return f"round({steps} / ln(2.0::float8) * ln(greatest(({value})::float8, {LEAST})))::int"


_TOOK = "s.processing_sec > 0 AND s.duration_total > s.duration_resumed"
_WAIT = "extract(epoch FROM a.started_at - a.queued_at)"
_HOURS = f"""
WITH ended AS (
    SELECT date_trunc('hour', s.finished_at) AS start, s.owner, {_ENGINE.format("s")} AS engine, s.demo, s.id,
           s.status, s.finished_at, s.queued_at, s.attempt, s.speed, s.processing_sec,
           s.duration_total - s.duration_resumed AS audio_sec, {_TOOK} AS paced,
           CASE WHEN s.status = 'completed' AND s.attempt = 1 THEN {_WAIT} END AS wait_sec
    FROM session s LEFT JOIN attempt a ON a.session_id = s.id AND a.number = s.attempt
    WHERE s.finished_at >= :since AND s.finished_at < :until
), scored AS (
    SELECT ended.*, e.fraction, e.estimated_sec, e.low_sec, e.high_sec,
           greatest(extract(epoch FROM ended.finished_at - e.made_at), 1) AS actual_sec
    FROM ended JOIN estimate e ON e.session_id = ended.id
    WHERE ended.status = 'completed' AND (e.attempt = ended.attempt
          OR e.fraction = -1 AND ended.queued_at <= e.made_at)
), counted AS (
    SELECT start, owner, engine, demo, key, value FROM ended, LATERAL (VALUES
        (status, 1.0), (CASE WHEN paced THEN 'paced' END, 1), (CASE WHEN paced THEN 'audio' END, audio_sec),
        (CASE WHEN paced THEN 'speed/' || {_bin("speed")} END, 1),
        (CASE WHEN wait_sec IS NOT NULL THEN 'wait/' || {_bin("wait_sec")} END, 1)
    ) AS counter (key, value)
    UNION ALL
    SELECT start, owner, engine, demo, key || '/' || fraction || coalesce('/' || bin, ''), value
    FROM scored, LATERAL (VALUES
        ('scored', NULL, 1), ('error', {_bin("abs(estimated_sec - actual_sec) / actual_sec")}, 1),
        ('late', {_bin("actual_sec / estimated_sec", LATE_STEPS)}, 1),
        (CASE WHEN low_sec IS NOT NULL AND high_sec IS NOT NULL THEN 'interval' END, NULL, 1),
        (CASE WHEN actual_sec BETWEEN low_sec AND high_sec THEN 'held' END, NULL, 1)
    ) AS counter (key, bin, value)
    UNION ALL
    SELECT date_trunc('hour', a.finished_at), s.owner, {_ENGINE.format("a")}, s.demo, 'cause/' || a.error_code, 1
    FROM attempt a JOIN session s ON s.id = a.session_id
    WHERE a.finished_at >= :since AND a.finished_at < :until AND a.error_code IS NOT NULL
), summed AS (
    SELECT start, coalesce(owner, '') AS owner, engine, demo, key, sum(value) AS value FROM counted
    WHERE key IS NOT NULL GROUP BY GROUPING SETS ((start, owner, engine, demo, key), (start, engine, demo, key))
), counters AS (
    SELECT start, owner, engine, demo, jsonb_object_agg(key, round(value::numeric, 1)) AS counters FROM summed
    GROUP BY start, owner, engine, demo
), drawn AS (
    SELECT start, scope.owner, engine, demo, jsonb_build_array(id, extract(epoch FROM finished_at), audio_sec,
           processing_sec, wait_sec) AS dot,
           row_number() OVER (PARTITION BY start, scope.owner, engine, demo ORDER BY id) AS turn
    FROM ended, LATERAL (VALUES (ended.owner), ('')) AS scope (owner) WHERE paced
), kept AS (
    SELECT start, owner, engine, demo, jsonb_agg(dot ORDER BY turn) AS sample FROM drawn WHERE turn <= :most
    GROUP BY start, owner, engine, demo
)
INSERT INTO statistic (owner, grain, start, engine, demo, counters, sample)
SELECT owner, 'hour', start, engine, demo, counters, coalesce(sample, '[]')
FROM counters LEFT JOIN kept USING (start, owner, engine, demo)
"""
_SUM = """
WITH part AS (
    SELECT date_trunc(:grain, start) AS whole, * FROM statistic
    WHERE grain = :finer AND start >= :since AND start < :until
), dots AS (
    SELECT whole, owner, engine, demo, dot, row_number() OVER (PARTITION BY whole, owner, engine, demo
           ORDER BY dot->>0) AS turn
    FROM part, jsonb_array_elements(sample) AS dot
), kept AS (
    SELECT whole, owner, engine, demo, jsonb_agg(dot ORDER BY turn) AS sample FROM dots WHERE turn <= :most
    GROUP BY whole, owner, engine, demo
), summed AS (
    SELECT whole, owner, engine, demo, key, sum(value::numeric) AS value FROM part, jsonb_each_text(counters)
    GROUP BY whole, owner, engine, demo, key
), counters AS (
    SELECT whole, owner, engine, demo, jsonb_object_agg(key, value) AS counters FROM summed
    GROUP BY whole, owner, engine, demo
)
INSERT INTO statistic (owner, grain, start, engine, demo, counters, sample)
SELECT owner, :grain, whole, engine, demo, counters, coalesce(sample, '[]')
FROM counters LEFT JOIN kept USING (whole, owner, engine, demo)
"""
HOURS, SUM = text(_HOURS), text(_SUM)


@dataclass(frozen=True)
class Bucket:
    """The counters of an hour, day or week of one engine, `whisper:base` where it has models, and its sample: (id, end
    in seconds since 1970, seconds of audio, of processing and in the queue, None where it needed several attempts)."""

    start: datetime
    engine: str
    demo: bool
    counters: dict[str, float]
    sample: list[list[Any]]


@dataclass(frozen=True)
class Edition:
    """Which statistics there are. `as_of`: until when they know what has happened, `now` by the database's clock."""

    identity: tuple[datetime, int, datetime | None]
    since: datetime
    now: datetime
    as_of: datetime


def buckets(db: Session, grain: str, since: datetime, *, owner: str | None) -> list[Bucket]:
    """The statistics of an owner, or of everybody, from the one that begins at `since` on, the first one first."""
    columns = [getattr(Statistic, name) for name in Bucket.__dataclass_fields__]
    ours = (Statistic.owner == (owner or ""), Statistic.grain == grain, Statistic.start >= since)
    return [Bucket(*row) for row in db.execute(select(*columns).where(*ours).order_by(Statistic.start))]


def edition(db: Session, grain: str, days: int, *, owner: str | None) -> Edition:
    """What there is for the last `days` days; as long as it stays the same, so do the buckets."""
    now = func.clock_timestamp()
    since = func.date_trunc(grain, now - timedelta(days=days))
    ours = (Statistic.owner == (owner or ""), Statistic.grain == grain, Statistic.start >= since)
    made = select(func.count().label("number"), func.max(Statistic.made_at).label("made_at")).where(*ours).subquery()
    lacking = select(func.min(StatisticStale.noted_at)).scalar_subquery()
    row = db.execute(
        select(since, made.c.number, made.c.made_at, now, func.coalesce(lacking, now)).select_from(made)
    ).one()
    return Edition((row[0], row[1], row[2]), row[0], row[3], row[4])


def refresh(db: Session, most_days: int) -> int:
    """Make the newest days anew of which something was noted, at most so many; how many days. 0 also when another
    process is at it."""
    if not db.scalars(select(func.pg_try_advisory_xact_lock(locks.STATISTICS))).one():
        return 0
    db.execute(select(func.set_config("work_mem", "64MB", True)))  # a week's counters are sorted in memory
    day = func.date_trunc("day", StatisticStale.hour)
    days = list(db.scalars(select(day).distinct().order_by(day.desc()).limit(most_days)))
    if not days:
        return 0
    db.execute(delete(StatisticStale).where(day.in_(days)))
    for begin, end in _runs(days):
        _forget(db, "hour", begin, end)
        db.execute(HOURS, {"since": begin, "until": end, "most": SAMPLE})
        _sum(db, "day", "hour", begin, end)
    for monday in {day - timedelta(days=day.weekday()) for day in days}:
        _sum(db, "week", "day", monday, monday + timedelta(weeks=1))
    now = db.scalars(select(func.clock_timestamp())).one()
    db.execute(delete(Statistic).where(Statistic.grain == "hour", Statistic.start < now - HOURS_KEPT))
    return len(days)


def _runs(days: list[datetime]) -> list[tuple[datetime, datetime]]:
    """Days, the newest first, as the stretches of consecutive ones."""
    runs: list[tuple[datetime, datetime]] = []
    for day in days:
        next_day = day + timedelta(days=1)
        if runs and runs[-1][0] == next_day:
            runs[-1] = (day, runs[-1][1])
        else:
            runs.append((day, next_day))
    return runs


def _sum(db: Session, grain: str, finer: str, since: datetime, until: datetime) -> None:
    _forget(db, grain, since, until)
    db.execute(SUM, {"grain": grain, "finer": finer, "since": since, "until": until, "most": SAMPLE})


def _forget(db: Session, grain: str, since: datetime, until: datetime) -> None:
    db.execute(delete(Statistic).where(Statistic.grain == grain, Statistic.start >= since, Statistic.start < until))
