"""Carry the names of speakers over to a new transcription of the same recording.

Labels such as `Speaker 1` are given anew by each transcription, so voices are matched by when they speak.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy.orm import Session

from store import speaker_names
from store.speaker_names import Span

log = logging.getLogger(__name__)


def match(before: Sequence[Span], after: Sequence[Span]) -> dict[str, str]:
    """For each label of `after` the label of `before` that is the same voice.

    One to one, so that the time in which matched voices speak together is greatest in sum; voices that never speak at
    the same time are not matched.
    """
    together = _overlaps(before, after)
    olds = sorted({old for old, _ in together})
    news = sorted({new for _, new in together})
    if len(olds) > len(news):
        pairs = [(old, new) for new, old in _assign(news, olds, {(new, old): s for (old, new), s in together.items()})]
    else:
        pairs = _assign(olds, news, together)
    return {new: old for old, new in pairs if together.get((old, new), 0.0) > 0}


def carry_names(db: Session, session_id: uuid.UUID) -> int:
    """Give a session's speakers the names that the same voices have in the owner's latest completed session of the same
    recording; how many got one. For the transaction that completes the session."""
    source = speaker_names.named_before(db, session_id)
    if source is None:
        return 0
    same = match(speaker_names.spans(db, source), speaker_names.spans(db, session_id))
    names = {voice.label: voice.name for voice in speaker_names.voices(db, source) if voice.name}
    carried: dict[str, str | None] = {new: names[old] for new, old in same.items() if old in names}
    if carried:
        speaker_names.write(db, session_id, carried)
        log.info("The names of %d speakers were taken from session %s", len(carried), source)
    return len(carried)


def _overlaps(before: Sequence[Span], after: Sequence[Span]) -> dict[tuple[str, str], float]:
    """Seconds in which both labels speak, for each pair (of `before`, of `after`) that ever does: one sweep in time."""
    moments: list[tuple[float, int, int, str]] = []
    for side, spans in enumerate((before, after)):
        for start_sec, end_sec, label in spans:
            if end_sec > start_sec:
                moments += [(start_sec, 1, side, label), (end_sec, -1, side, label)]
    speaking: tuple[dict[str, int], dict[str, int]] = (defaultdict(int), defaultdict(int))
    together: dict[tuple[str, str], float] = defaultdict(float)
    last_sec = float("-inf")
    for at_sec, change, side, label in sorted(moments):
        if at_sec > last_sec:
            for old in speaking[0]:
                for new in speaking[1]:
                    together[old, new] += at_sec - last_sec
            last_sec = at_sec
        speaking[side][label] += change
        if not speaking[side][label]:
            del speaking[side][label]
    return dict(together)


def _assign(rows: Sequence[str], columns: Sequence[str], gains: dict[tuple[str, str], float]) -> list[tuple[str, str]]:
    """Each row with a column of its own, so that the sum of gains is greatest (the Hungarian method, n³). There are at
    least as many columns as rows."""
    infinite = float("inf")
    row_price, column_price = [0.0] * (len(rows) + 1), [0.0] * (len(columns) + 1)
    row_of = [0] * (len(columns) + 1)  # 1-based; column 0 holds the row that looks for a place
    for row in range(1, len(rows) + 1):
        row_of[0], column = row, 0
        slack, came_from = [infinite] * (len(columns) + 1), [0] * (len(columns) + 1)
        seen = [False] * (len(columns) + 1)
        while row_of[column]:
            seen[column] = True
            at, step, following = row_of[column], infinite, 0
            for other in range(1, len(columns) + 1):
                if seen[other]:
                    continue
                cost = -gains.get((rows[at - 1], columns[other - 1]), 0.0) - row_price[at] - column_price[other]
                if cost < slack[other]:
                    slack[other], came_from[other] = cost, column
                if slack[other] < step:
                    step, following = slack[other], other
            for other in range(len(columns) + 1):
                if seen[other]:
                    row_price[row_of[other]] += step
                    column_price[other] -= step
                else:
                    slack[other] -= step
            column = following
        while column:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    return [(rows[row_of[at] - 1], columns[at - 1]) for at in range(1, len(columns) + 1) if row_of[at]]
