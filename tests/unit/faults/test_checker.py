"""The checker of the fault suite finds what it has to find: each case is a good run with one thing made wrong."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faults import recordings
from tests.faults.checker import check
from tests.faults.journal import Act, Journal, Upload
from tests.faults.snapshot import (
    AttemptRow,
    ChunkRow,
    HistoryRow,
    SegmentRow,
    SessionRow,
    Snapshot,
    Transition,
    UploadRow,
    Write,
)

RECORDING, OTHER = recordings.make(1, 1), recordings.make(1, 2)
SOUND = recordings.samples_of(RECORDING)
SHA256 = hashlib.sha256(RECORDING).hexdigest()
LENGTH_SEC = len(SOUND) / 32_000
MIDDLE_SEC = 5.0
AT = datetime(2026, 1, 9, 10, tzinfo=UTC)
SEGMENT = "transcript_segment"


def good() -> tuple[Snapshot, Journal]:
    """A session that lost its first worker, went on from a finished chunk and was completed by its second claim."""
    steps = [("pending", 0), ("processing", 1), ("pending", 1), ("processing", 2), ("completed", 2)]
    times = [AT + timedelta(seconds=number) for number in range(len(steps))]
    before = [None, *(status for status, _ in steps)]
    session = SessionRow("a", "completed", 2, 2, 0, "uri", SHA256, len(RECORDING), LENGTH_SEC, None, times[-1])
    chunks = [("a", "transcript_chunk", 0.0, 1, 1), ("a", "transcript_chunk", MIDDLE_SEC, 2, 2)]
    snapshot = Snapshot(
        sessions=[session],
        history=[HistoryRow("a", *step, 1, "x", at) for step, at in zip(steps, times, strict=True)],
        attempts=[
            AttemptRow("a", 1, 1, "host-1-a", times[1], times[2], "lost", "worker-lost"),
            AttemptRow("a", 2, 2, "host-2-b", times[3], times[4], "completed", None),
        ],
        segments=[
            SegmentRow("a", 0, 2, 0.0, MIDDLE_SEC, recordings.expected_text(SOUND, 0.0, MIDDLE_SEC)),
            SegmentRow("a", 1, 2, MIDDLE_SEC, LENGTH_SEC, recordings.expected_text(SOUND, MIDDLE_SEC, LENGTH_SEC)),
        ],
        transitions=[
            Transition("a", was, status, claim, at)
            for was, (status, claim), at in zip(before[:-1], steps, times, strict=True)
        ],
        writes=[Write(*chunk, "processing", AT) for chunk in chunks]
        + [Write("a", SEGMENT, start, 2, 2, "completed", AT) for start in (0.0, MIDDLE_SEC)],
        audio=lambda _uri: RECORDING,
    )
    journal = Journal(uploads=[Upload(1, SHA256, len(RECORDING), told_id="a", tries=1)])
    return snapshot, journal


def kinds(snapshot: Snapshot, journal: Journal) -> set[str]:
    return {problem.kind for problem in check(snapshot, journal, max_failures=5)}


def with_session(**changes: Any) -> Callable[[Snapshot], Snapshot]:
    return lambda snapshot: replace(snapshot, sessions=[replace(snapshot.sessions[0], **changes)])


def with_segments(change: Callable[[list[SegmentRow]], list[SegmentRow]]) -> Callable[[Snapshot], Snapshot]:
    return lambda snapshot: replace(snapshot, segments=change(snapshot.segments))


def ended_as(status: str, **changes: Any) -> Callable[[Snapshot], Snapshot]:
    """The same session without a transcript, in another last state, its history with it."""

    def change(snapshot: Snapshot) -> Snapshot:
        return replace(
            with_session(status=status, **changes)(snapshot),
            segments=[],
            history=[*snapshot.history[:-1], replace(snapshot.history[-1], status=status)],
            transitions=[*snapshot.transitions[:-1], replace(snapshot.transitions[-1], after=status)],
            attempts=[snapshot.attempts[0], replace(snapshot.attempts[1], outcome=status)],
            writes=[write for write in snapshot.writes if write.kind != SEGMENT],
        )

    return change


def then(*steps: tuple[str, str]) -> Callable[[Snapshot], Snapshot]:
    """More transitions after the last one, in the history too."""

    def change(snapshot: Snapshot) -> Snapshot:
        more = [Transition("a", before, after, 2, AT + timedelta(minutes=1)) for before, after in steps]
        told = [replace(snapshot.history[-1], status=after, created_at=AT + timedelta(minutes=1)) for _, after in steps]
        return replace(
            with_session(status=steps[-1][1])(snapshot),
            transitions=snapshot.transitions + more,
            history=snapshot.history + told,
        )

    return change


def failing(code: str, *outcomes: str) -> Callable[[Snapshot], Snapshot]:
    """An attempt failed with this error after others of these outcomes, none of which finished a chunk."""

    def change(snapshot: Snapshot) -> Snapshot:
        first = replace(snapshot.attempts[0], claim_no=7, error_code=code)
        before = [replace(first, outcome=outcome) for outcome in outcomes]
        return replace(snapshot, attempts=[*before, replace(first, outcome="failed"), *snapshot.attempts])

    return change


def test_good_run_has_no_problem() -> None:
    assert check(*good(), max_failures=5) == []


@pytest.mark.parametrize(
    ("spans", "cores", "wrong"),
    [
        (((0, 2), (1, 3), (2, 4), (3, 5)), 2, set()),
        (((0, 2), (1, 3), (1.9, 4)), 2, {"illegal"}),
        (((0, 2), (1, 3)), 1, {"illegal"}),
    ],
)
def test_more_chunks_at_a_time_than_there_are_cores_are_illegal(
    spans: tuple[tuple[float, float], ...], cores: int, wrong: set[str]
) -> None:
    snapshot, journal = good()
    work = [{"begun": begun, "ended": ended} for begun, ended in spans]
    assert kinds(replace(snapshot, work=work, cores=cores), journal) == wrong


@pytest.mark.parametrize(("undisturbed", "wrong"), [("one two three", set()), ("one two", {"lost"})])
def test_a_real_engine_has_to_hear_what_it_hears_undisturbed(undisturbed: str, wrong: set[str]) -> None:
    snapshot, journal = good()
    segments = [replace(row, text=text) for row, text in zip(snapshot.segments, ("one two", "three"), strict=True)]
    words = {recordings.text_of(SOUND): undisturbed}
    assert kinds(replace(snapshot, segments=segments, words=words), journal) == wrong


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        pytest.param("lost", lambda s: replace(s, sessions=[]), id="session gone"),
        pytest.param("lost", lambda s: replace(s, audio=lambda _: None), id="audio gone"),
        pytest.param("lost", lambda s: replace(s, audio=lambda _: RECORDING[:-2] + b"xx"), id="audio changed"),
        pytest.param("lost", with_session(audio_sha256="0" * 64), id="names other bytes"),
        pytest.param("lost", with_segments(lambda _: []), id="completed without a transcript"),
        pytest.param("lost", with_segments(lambda rows: rows[:1]), id="end of the transcript missing"),
        pytest.param("lost", with_segments(lambda rows: rows[1:]), id="beginning missing"),
        pytest.param("lost", with_segments(lambda r: [replace(r[0], text=r[1].text), r[1]]), id="wrong text"),
        pytest.param("duplicated", lambda s: replace(s, sessions=s.sessions * 2), id="one recording, two sessions"),
        pytest.param("duplicated", with_segments(lambda r: r * 2), id="transcript twice"),
        pytest.param("duplicated", with_segments(lambda r: [replace(r[0], claim_no=1), r[1]]), id="stale transcript"),
        pytest.param("duplicated", then(("completed", "processing"), ("processing", "completed")), id="done twice"),
        pytest.param("illegal", then(("completed", "cancelled")), id="left completed"),
        pytest.param("illegal", lambda s: replace(s, transitions=s.transitions[1:]), id="a broken chain"),
        pytest.param("illegal", lambda s: replace(s, history=s.history[:2] + s.history[3:]), id="history has a hole"),
        pytest.param("illegal", lambda s: replace(s, history=s.history[::-1]), id="history goes back"),
        pytest.param("illegal", with_session(claim_no=1), id="claim of another attempt"),
        pytest.param("illegal", lambda s: replace(s, attempts=s.attempts[1:]), id="attempt missing"),
        pytest.param("illegal", lambda s: replace(s, writes=[replace(s.writes[1], claim_no=1)]), id="stale chunk"),
        pytest.param("illegal", lambda s: replace(s, writes=[replace(s.writes[1], status="pending")]), id="chunk late"),
        pytest.param("unsettled", ended_as("pending"), id="still pending"),
        pytest.param("unsettled", lambda s: replace(s, chunks=[ChunkRow("a", 0.0, 1)]), id="chunk left behind"),
        pytest.param("unexplained", failing("recognition-failed", "retried"), id="failed too early"),
        pytest.param("unexplained", failing("poison-session", "lost"), id="poison after two deaths"),
        pytest.param("unexplained", ended_as("failed"), id="failed in the end"),
    ],
)
def test_each_wrong_is_found(kind: str, change: Callable[[Snapshot], Snapshot]) -> None:
    snapshot, journal = good()
    assert kind in kinds(change(snapshot), journal)


@pytest.mark.parametrize(
    ("code", "before"), [("recognition-failed", ["retried"] * 4), ("poison-session", ["lost"] * 2)]
)
def test_failure_is_explained_when_tries_or_patience_are_used_up(code: str, before: list[str]) -> None:
    snapshot, journal = good()
    assert "unexplained" not in kinds(failing(code, *before)(snapshot), journal)


@pytest.mark.parametrize(
    ("acts", "problem"),
    [
        ([Act("a", "cancel", 200)], True),
        ([Act("a", "cancel", 409)], False),
        ([Act("a", "cancel", None)], False),
        ([Act("a", "retry", 200)], True),
    ],
)
def test_confirmed_act_has_to_have_happened(acts: list[Act], problem: bool) -> None:
    snapshot, journal = good()
    journal.acts = acts
    assert ("illegal" in kinds(snapshot, journal)) == problem


def test_cancellation_that_nobody_asked_for_is_illegal() -> None:
    snapshot, journal = good()
    cancelled = ended_as("cancelled")(snapshot)
    assert "illegal" in kinds(cancelled, journal)
    journal.acts = [Act("a", "cancel", None)]
    assert kinds(cancelled, journal) == set()


def test_client_without_an_answer_is_unsettled() -> None:
    snapshot, journal = good()
    journal.begin(Upload(2, "b" * 64, 3))
    assert kinds(snapshot, journal) == {"unsettled"}


def test_stored_upload_is_kept_until_it_is_started() -> None:
    snapshot, journal = good()
    journal.begin(Upload(2, "b" * 64, 3, in_two_steps=True, stored_id="b"))
    assert kinds(replace(snapshot, uploads=[UploadRow("b", "b" * 64)]), journal) == {"unsettled"}
    assert kinds(snapshot, journal) == {"unsettled", "lost"}


def test_process_that_is_left_over_is_unsettled() -> None:
    assert [p.kind for p in check(*good(), max_failures=5, left_over=["a work-horse"])] == ["unsettled"]
