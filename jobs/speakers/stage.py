"""The stage of an attempt that tells the speakers apart, after all words are there. It never costs the words."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from jobs import messages
from jobs.claim import Claim
from jobs.engines import registry
from jobs.engines.protocol import Segment, Voices, Word
from jobs.heartbeat import ClaimLost, WorkerStopping
from jobs.media.channel_levels import read_levels
from jobs.media.silences import Chunk
from jobs.patience import patiently
from jobs.speakers.channels import by_channel
from jobs.speakers.relabel import relabel, spoken
from jobs.speakers.turns import tell_apart
from store import checkpoints, transitions
from store.database import transaction

CHUNKS_AT_ONCE = 20  # are rewritten in a transaction
log = logging.getLogger(__name__)


class SpeakerStage:
    """Collects what tells the speakers of a session apart while it is recognised, and does it in the end.

    A recording with one speaker a channel is told apart by its channels, and two people in one channel by their voices.
    """

    def __init__(self, claim: Claim, scratch: Path) -> None:
        self._claim = claim
        self.language = claim.language
        self.by_channel = claim.speaker_channels
        self.by_voice = claim.speakers == "two" and not self.by_channel and registry.tells_voices_apart(claim.engine)
        self.levels_file = scratch.with_suffix(".levels") if self.by_channel else None
        self.known: dict[float, tuple[Segment, ...]] = {}  # chunks that an earlier attempt has finished
        self.recalled: list[Chunk] = []
        self._segments: dict[float, tuple[Segment, ...]] = {}  # by the start of their chunk, times only
        self._voices: dict[float, Voices | None] = {}

    def recall(self) -> None:
        """The words of earlier attempts are known, but nothing of their voices: that is never stored."""
        for start_sec, end_sec in patiently(self._finished):
            self.known[start_sec] = tuple(map(_times, self._read(start_sec)))
            self.recalled.append(Chunk(start_sec, end_sec))

    def heard(self, chunk: Chunk, segments: tuple[Segment, ...], voices: Voices | None) -> None:
        """A chunk is done."""
        if self.by_voice:
            self._segments[chunk.start_sec] = tuple(map(_times, segments))
            self._voices[chunk.start_sec] = voices

    def tell_apart(self, check: Callable[[], None]) -> None:
        """Give the finished chunks their speakers, if there is something to tell. Raises what `check` raises."""
        if not (self.by_channel or self.by_voice):
            return
        if not patiently(self._begin):
            raise ClaimLost
        try:
            outcome = self._by_channel(check) if self.by_channel else self._by_voice(check)
            if outcome is None:
                return
        except (ClaimLost, WorkerStopping):
            raise
        except Exception:
            log.exception("The speakers could not be told apart")
            outcome = "failed"
        log.info("Speakers: %s", outcome)
        patiently(partial(self._end, outcome))

    def _by_voice(self, check: Callable[[], None]) -> str | None:
        starts = sorted(self._segments)
        if not any(self._segments.values()):
            return None  # nobody speaks
        if any(self._segments[start] and self._voices[start] is None for start in starts):
            return "failed"
        segments = [segment for start in starts for segment in self._segments[start]]
        turns = tell_apart([voices for voices in self._voices.values() if voices is not None], segments)
        if turns.outcome == "voices":
            self._write(turns.labels, check)
        return turns.outcome

    def _by_channel(self, check: Callable[[], None]) -> str | None:
        assert self.levels_file is not None
        starts = [start_sec for start_sec, _ in patiently(self._finished)]
        segments = [_times(segment) for start_sec in starts for segment in self._read(start_sec)]
        if not segments:
            return None
        self._write(by_channel(segments, read_levels(self.levels_file)), check)
        return "channels"

    def _write(self, labels: tuple[int, ...], check: Callable[[], None]) -> None:
        left = iter(labels)
        starts = [start_sec for start_sec, _ in patiently(self._finished)]
        for first in range(0, len(starts), CHUNKS_AT_ONCE):
            check()
            told = {start_sec: self._told(start_sec, left) for start_sec in starts[first : first + CHUNKS_AT_ONCE]}
            if not patiently(partial(self._save, told)):
                raise ClaimLost

    def _told(self, start_sec: float, left: Iterator[int]) -> list[dict[str, object]]:
        segments = self._read(start_sec)
        labels = [next(left) for _ in spoken(segments)]
        return [segment.to_json() for segment in relabel(segments, labels, self.language)]

    def _finished(self) -> list[tuple[float, float]]:
        with transaction() as db:
            return checkpoints.finished_chunks(db, self._claim.session_id, self._claim.engine)

    def _read(self, start_sec: float) -> list[Segment]:
        with transaction() as db:
            rows = checkpoints.segments_of(db, self._claim.session_id, self._claim.engine, start_sec)
        return [Segment.from_json(row) for row in rows]

    def _begin(self) -> bool:
        claim = self._claim
        with transaction() as db:
            entered = transitions.enter_stage(
                db, claim.session_id, claim.claim_no, message=messages.SPEAKERS, actor=claim.worker
            )
            if entered:
                checkpoints.begin_telling_speakers(db, claim.session_id, claim.claim_no)
        return entered

    def _save(self, told: dict[float, list[dict[str, object]]]) -> bool:
        claim = self._claim
        with transaction() as db:
            return checkpoints.tell_speakers(db, claim.session_id, claim.claim_no, engine=claim.engine, segments=told)

    def _end(self, outcome: str) -> None:
        with transaction() as db:
            checkpoints.note_speakers(db, self._claim.session_id, self._claim.claim_no, outcome)


def _times(segment: Segment) -> Segment:
    """The segment without its texts: three hours of words would take tens of megabytes."""
    words = tuple(Word("", word.start_sec, word.end_sec) for word in spoken([segment]))
    return Segment(segment.start_sec, segment.end_sec, "", words=words)
