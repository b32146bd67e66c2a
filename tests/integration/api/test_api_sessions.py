"""Reading sessions and acting on them: the status as the issue names its fields, history, lists, transcripts, audio."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, update

from jobs import board, messages
from store import checkpoints, claims, outcomes, transitions
from store.database import transaction
from store.schema import Attempt
from tests.instruments.claims import set_facts

New = Callable[..., uuid.UUID]
Make = Callable[..., Path]
NOT_THERE = uuid.UUID(int=0)
EXPECTATION = {"expected_sec": 240.0, "expected_from": "default", "spread": 4.0}
WORDS = [
    {"start_sec": 0.5, "end_sec": 2.0, "speaker": None, "confidence": 0.9, "text": "how are you", "words": []},
    {"start_sec": 3601.0, "end_sec": 3602.25, "speaker": "Anna", "confidence": None, "text": "a < b & c", "words": []},
]


def claim() -> tuple[uuid.UUID, int]:
    with transaction() as db:
        turn = claims.next_turn(db)
        assert turn is not None
        taken = claims.take(
            db, turn, worker="w1", job_id="j1", message=messages.PREPARING, progress=0, expectation=EXPECTATION
        )
    assert taken is not None
    return turn.session_id, taken


def advance(session_id: uuid.UUID, claim_no: int, processed_sec: float, progress: int) -> None:
    with transaction() as db:
        assert transitions.enter_stage(db, session_id, claim_no, message=messages.PROCESSING, actor="w1")
        assert transitions.record_progress(db, session_id, claim_no, processed_sec=processed_sec, progress=progress)


def complete(session_id: uuid.UUID, claim_no: int) -> None:
    with transaction() as db:
        engine = "pocketsphinx"
        checkpoints.save(db, session_id, claim_no, engine=engine, start_sec=0.0, end_sec=20.0, segments=WORDS)
        assert outcomes.complete(db, session_id, claim_no, engine=engine, message=messages.COMPLETED, actor="w1")


def fail(session_id: uuid.UUID, claim_no: int) -> None:
    cause = outcomes.Cause("recognition-failed", "retryable", "The engine stopped.")
    with transaction() as db:
        assert outcomes.fail(db, session_id, cause=cause, message=messages.FAILED, actor="w1", claim_no=claim_no)


def test_the_status_of_a_running_session(client: httpx.Client, new_session: New) -> None:
    new_session(duration_total=3600)
    session_id, claim_no = claim()
    advance(session_id, claim_no, processed_sec=1200, progress=30)
    status = client.get(f"/sessions/{session_id}/status").json()
    assert list(status)[:8] == [
        *("session_id", "status", "progress", "estimated_completion"),
        *("started_at", "message", "duration_processed", "duration_total"),
    ]
    assert status["session_id"] == str(session_id)
    assert (status["status"], status["message"]) == ("processing", "Processing audio...")
    assert (status["duration_processed"], status["duration_total"]) == (1200, 3600)
    assert isinstance(status["duration_processed"], int)
    assert status["duration_passed"] == 1200
    assert (status["draft_text"], status["speakers_outcome"]) == ("Draft by PocketSphinx on this machine", None)
    assert status["started_at"].endswith("Z")
    assert status["estimated_completion"].endswith("Z")
    view = board.session(session_id)
    assert view is not None
    assert status["progress"] == view.progress
    assert status["remaining_text"].startswith("~")
    assert (status["attempt"], status["attempts_allowed"], status["basis"]) == (1, 5, "measured")
    assert client.get(f"/sessions/{session_id}").json().keys() == status.keys()
    assert client.get(status["links"]["self"].removeprefix("/api/v1")).status_code == 200


def test_within_a_chunk_what_is_passed_is_estimated_and_the_fact_stays(client: httpx.Client, new_session: New) -> None:
    session_id = new_session(duration_total=20)
    claim()
    set_facts(session_id, "duration_begun = 20")
    with transaction() as db:
        db.execute(update(Attempt).values(prepared_at=func.now() - timedelta(seconds=8), expected_sec=16))
    status = client.get(f"/sessions/{session_id}/status").json()
    assert status["duration_processed"] == 0
    assert 10 <= status["duration_passed"] <= 20
    assert status["basis"] == "estimated"


def test_the_status_of_a_completed_session(client: httpx.Client, new_session: New) -> None:
    new_session()
    session_id, claim_no = claim()
    complete(session_id, claim_no)
    status = client.get(f"/sessions/{session_id}/status").json()
    assert (status["status"], status["progress"], status["message"]) == ("completed", 100, "Transcription complete!")
    assert status["speed_text"].endswith("faster than real time")
    assert status["processing_sec"] >= 0
    assert status["remaining_sec"] is None


def test_the_status_of_many(client: httpx.Client, new_session: New) -> None:
    first, second, other = new_session(), new_session(), new_session(owner="other")
    asked = [second, NOT_THERE, first, second, other]
    answer = client.get("/sessions/status", params={"id": [str(session_id) for session_id in asked]}).json()
    assert [item["session_id"] for item in answer["items"]] == [str(second), str(first)]
    assert answer["unknown"] == [str(NOT_THERE), str(other)]
    assert client.get("/sessions/status", params={"id": [str(uuid.uuid4()) for _ in range(201)]}).status_code == 422
    assert client.get("/sessions/status").status_code == 422


@pytest.mark.parametrize("what", ["", "/status", "/history", "/transcript", "/audio"])
def test_another_coachs_session_is_not_there(client: httpx.Client, new_session: New, what: str) -> None:
    for session_id in (new_session(owner="other"), NOT_THERE):
        response = client.get(f"/sessions/{session_id}{what}")
        assert (response.status_code, response.json()["code"]) == (404, "session-not-found")
    assert client.get(f"/sessions/nonsense{what}").json()["code"] == "not-found"


def test_retry_cancel_delete(client: httpx.Client, new_session: New) -> None:
    session_id = new_session()
    refusal = client.post(f"/sessions/{session_id}/retry")
    assert (refusal.status_code, refusal.json()["code"]) == (409, "not-possible-now")
    assert refusal.json()["detail"] == "Only a failed or cancelled session can be tried again; this one is waiting."
    assert client.post(f"/sessions/{session_id}/cancel").json()["status"] == "cancelled"
    assert client.post(f"/sessions/{session_id}/cancel").status_code == 409
    assert client.post(f"/sessions/{session_id}/retry").json()["status"] == "pending"
    running, claim_no = claim()
    assert running == session_id
    assert client.delete(f"/sessions/{session_id}").status_code == 409
    fail(session_id, claim_no)
    failed = client.get(f"/sessions/{session_id}").json()
    assert (failed["cause"], failed["error_code"]) == ("The engine stopped.", "recognition-failed")
    assert failed["advice"]
    past = client.get(f"/sessions/{session_id}/history").json()
    assert [line["status"] for line in past["history"]] == [
        *("pending", "cancelled", "pending", "processing", "failed"),
    ]
    assert [attempt["outcome"] for attempt in past["attempts"]] == ["failed"]
    assert client.delete(f"/sessions/{session_id}").status_code == 204
    for call in (client.delete, client.get):
        assert call(f"/sessions/{session_id}").status_code == 404
    assert client.post(f"/sessions/{session_id}/retry").status_code == 404


def test_deleting_removes_the_audio(client: httpx.Client, recording: Make, stored: Callable[[], list[str]]) -> None:
    path = recording()
    session_id = client.post("/sessions", files={"file": (path.name, path.read_bytes())}).json()["session_id"]
    assert client.delete(f"/sessions/{session_id}").status_code == 204
    assert stored() == []


def test_the_list_turns_pages(client: httpx.Client, new_session: New) -> None:
    made = [str(new_session(title=f"s{number}")) for number in range(5)]
    new_session(owner="other")
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    while True:
        answer = client.get("/sessions", params=params).json()
        assert answer.keys() == {"items", "next"}
        seen += [item["session_id"] for item in answer["items"]]
        if answer["next"] is None:
            break
        params["cursor"] = answer["next"]
    assert seen == made[::-1]


def test_the_list_filters(client: httpx.Client, new_session: New) -> None:
    gone, kept = new_session(title="Growth 100%"), new_session(title="Other")
    client.post(f"/sessions/{gone}/cancel")

    def found(**params: Any) -> list[str]:
        response = client.get("/sessions", params=params)
        assert response.status_code == 200, response.text
        return [item["session_id"] for item in response.json()["items"]]

    assert found(status="cancelled") == [str(gone)]
    assert found(status=["pending", "cancelled"], sort="title") == [str(gone), str(kept)]
    assert found(text="00%") == [str(gone)]
    assert found(engine="google") == []
    assert found(since="2000-01-01", until="2000-01-02T00:00:00Z") == []


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"status": "asleep"}, "status"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"sort": "sideways"}, "sort"),
        ({"since": "yesterday"}, "since"),
        ({"text": "a\0b"}, "text"),
        ({"unknown": "1"}, "unknown"),
    ],
)
def test_lists_that_cannot_be(client: httpx.Client, params: dict[str, str], parameter: str) -> None:
    response = client.get("/sessions", params=params)
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert str(error["parameter"]) in {parameter, "0"}


def labelled(segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As JSON has them while no speaker has a name."""
    return [{**segment, "speaker_label": segment["speaker"]} for segment in segments]


def test_a_transcript_in_every_format(client: httpx.Client, new_session: New) -> None:
    new_session(title="Anna & Ben: “first”", duration_total=4000)
    session_id, claim_no = claim()
    complete(session_id, claim_no)
    answers = {name: client.get(f"/sessions/{session_id}/transcript?format={name}") for name in ("txt", "srt", "vtt")}
    assert answers["txt"].text == "how are you\nAnna: a < b & c\n"
    assert "01:00:01,000 --> 01:00:02,250" in answers["srt"].text
    assert "<v Anna>a &lt; b &amp; c" in answers["vtt"].text
    assert [answer.headers["content-type"] for answer in answers.values()] == [
        *("text/plain; charset=utf-8", "application/x-subrip", "text/vtt; charset=utf-8"),
    ]
    disposition = answers["txt"].headers["content-disposition"]
    assert disposition.startswith('attachment; filename="Anna & Ben ')
    assert "filename*=UTF-8''Anna%20&%20Ben%20%E2%80%9Cfirst%E2%80%9D.txt" in disposition
    words = client.get(f"/sessions/{session_id}/transcript").json()
    assert (words["complete"], words["segments"]) == (True, labelled(WORDS))
    assert client.get(f"/sessions/{session_id}/transcript?format=doc").status_code == 422


def test_a_transcript_on_its_way(client: httpx.Client, new_session: New) -> None:
    new_session()
    session_id, claim_no = claim()
    with transaction() as db:
        checkpoints.save(db, session_id, claim_no, engine="pocketsphinx", start_sec=0, end_sec=30, segments=WORDS[:1])
    words = client.get(f"/sessions/{session_id}/transcript?format=json").json()
    assert (words["complete"], words["segments"]) == (False, labelled(WORDS[:1]))
    for name in ("txt", "srt", "vtt"):
        refusal = client.get(f"/sessions/{session_id}/transcript?format={name}")
        assert (refusal.status_code, refusal.json()["code"]) == (409, "transcript-not-ready")


@pytest.fixture
def audio(client: httpx.Client, recording: Make) -> tuple[str, bytes]:
    """The address of a recording's audio, and its bytes."""
    path = recording(name="Übung 1.wav")
    made = client.post("/sessions", files={"file": (path.name, path.read_bytes())}).json()
    return f"/sessions/{made['session_id']}/audio", path.read_bytes()


def test_the_whole_recording(client: httpx.Client, audio: tuple[str, bytes]) -> None:
    address, content = audio
    whole = client.get(address)
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "filename*=UTF-8''%C3%9Cbung%201.wav" in whole.headers["content-disposition"]
    head = client.head(address)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(content)), b"")
    assert client.get(address, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-", 0, None), ("bytes=0-99", 0, 100), ("bytes=100-100", 100, 101), ("bytes=-44", -44, None)],
)
def test_a_part_of_the_recording(
    client: httpx.Client, audio: tuple[str, bytes], wanted: str, start: int, end: int | None
) -> None:
    address, content = audio
    part = client.get(address, headers={"Range": wanted})
    assert (part.status_code, part.content) == (206, content[start:end])
    first = start % len(content)
    assert part.headers["content-range"] == f"bytes {first}-{first + len(part.content) - 1}/{len(content)}"
    assert client.get(address, headers={"Range": wanted, "If-Range": '"other"'}).status_code == 200


@pytest.mark.parametrize("wanted", ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes=-", ""])
def test_a_range_that_is_none_gives_the_whole(client: httpx.Client, audio: tuple[str, bytes], wanted: str) -> None:
    whole = client.get(audio[0], headers={"Range": wanted})
    assert (whole.status_code, whole.content) == (200, audio[1])


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0"])
def test_a_range_beyond_the_end(client: httpx.Client, audio: tuple[str, bytes], wanted: str) -> None:
    refusal = client.get(audio[0], headers={"Range": wanted})
    assert (refusal.status_code, refusal.json()["code"]) == (416, "range-not-there")
    assert refusal.headers["content-range"] == f"bytes */{len(audio[1])}"


def test_audio_that_is_gone(client: httpx.Client, new_session: New) -> None:
    response = client.get(f"/sessions/{new_session()}/audio")
    assert (response.status_code, response.json()["code"]) == (404, "audio-missing")
