"""Why is it slow? Where the time of a session went or is going, each stage against what is usual."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from statistics import median

from sqlalchemy.orm import Session

from jobs.durations import roughly
from store.session_queries import SessionRecord
from store.stage_queries import Stages, usual_stages
from store.states import FINAL, Status
from store.timeline_queries import AttemptRow

USUAL_FROM = 3  # sessions, before anything is called usual
LINE_FROM_LATEST = 60
NOTABLE = 1.5  # times what is usual
NOTABLE_SEC = 5.0


@dataclass(frozen=True)
class Part:
    """A stage: the seconds it took so far, those that are usual for a recording of this length, None where unknown."""

    stage: str
    sec: float
    usual_sec: float | None

    @property
    def text(self) -> str:
        """`queue 6 min, usually 1 min`."""
        usual = "" if self.usual_sec is None else f", usually {roughly(self.usual_sec)}"
        return f"{self.stage.lower()} {roughly(self.sec)}{usual}"

    @property
    def slow(self) -> bool:
        """Whether it takes notably longer than usual."""
        return self.usual_sec is not None and self.sec > NOTABLE * self.usual_sec + NOTABLE_SEC


def usual(db: Session, record: SessionRecord) -> dict[str, float]:
    """What each stage usually takes for a recording of this length: medians of finished sessions of its engine."""
    return typical(usual_stages(db, record.engine), record.duration_total)


def typical(finished: Sequence[Stages], audio_sec: float) -> dict[str, float]:
    """Medians; what is done to its audio costs a start and grows with the recording's length."""
    found = {
        "Upload": _median([one.upload_sec for one in finished]),
        "Queue": _median([one.wait_sec for one in finished]),
        "Preparation": _of_length([(one.audio_sec, one.preparation_sec) for one in finished], audio_sec),
        "Recognition": _of_length([(one.audio_sec, one.recognition_sec) for one in finished], audio_sec),
        "Speakers": _of_length([(one.audio_sec, one.speakers_sec) for one in finished], audio_sec),
        "Saving": _median([one.saving_sec for one in finished]),
    }
    return {stage: sec for stage, sec in found.items() if sec is not None}


def breakdown(record: SessionRecord, attempts: Sequence[AttemptRow], usual_sec: dict[str, float]) -> list[Part]:
    """The stages that have begun, of all attempts together, in their order."""
    spent = {"Queue": 0.0, "Preparation": 0.0, "Recognition": 0.0, "Speakers": 0.0, "Saving": 0.0}
    free_since = record.created_at
    for row in attempts:
        end = row.finished_at or record.now
        prepared = row.prepared_at or (end if row.outcome != "completed" else row.started_at)
        recognised = row.recognised_at or end
        worded = row.speakers_at or recognised  # all words are there
        spent["Queue"] += _between(max(row.queued_at, free_since), row.started_at)
        spent["Preparation"] += _between(row.started_at, prepared)
        spent["Recognition"] += _between(prepared, worded)
        spent["Speakers"] += _between(worded, recognised)
        spent["Saving"] += _between(recognised, end)
        free_since = end
    if record.status is Status.PENDING:
        spent["Queue"] += _between(max(record.queued_at, free_since), record.now)
    upload = [] if record.upload_sec is None else [Part("Upload", record.upload_sec, usual_sec.get("Upload"))]
    done = record.status in FINAL
    return upload + [
        Part(stage, sec, usual_sec.get(stage)) for stage, sec in spent.items() if sec > 0 or (done and stage == "Queue")
    ]


def in_words(parts: Sequence[Part]) -> str:
    """What takes longer than usual, or that nothing does."""
    slow = [part.text for part in parts if part.slow]
    if slow:
        return f"Longer than usual: {'; '.join(slow)}."
    if any(part.usual_sec is not None for part in parts):
        return "Every stage takes about as long as usual."
    return "What is usual is known after a few finished sessions."


def _between(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0)


def _of_length(seen: Sequence[tuple[float, float | None]], audio_sec: float) -> float | None:
    """What the line through the latest (seconds of audio, seconds it took) says of a length. Its slope is the median of
    those of all pairs, which a few odd sessions do not turn (Theil 1950, Sen 1968)."""
    known = [(length, sec) for length, sec in seen[:LINE_FROM_LATEST] if sec is not None]
    if len(known) < USUAL_FROM:
        return None
    slopes = [(y - v) / (x - u) for (x, y), (u, v) in combinations(known, 2) if x != u]
    if not slopes:  # all of one length
        return median(sec / length for length, sec in known) * audio_sec
    slope = max(median(slopes), 0.0)
    return max(median(sec - slope * length for length, sec in known), 0.0) + slope * audio_sec


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if len(known) >= USUAL_FROM else None
