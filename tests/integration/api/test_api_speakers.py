"""Who speaks, over the API: read, named, and followed by every format of the transcript."""

import uuid
from collections.abc import Callable

import httpx
import pytest

from store.database import transaction
from store.retention_queries import expire_transcripts
from tests.instruments.claims import claimed, complete, set_facts
from tests.instruments.speaking import dialogue

New = Callable[..., uuid.UUID]
NAMES = {"Speaker 1": "Coach", "Speaker 2": "Anna <3 & co"}


@pytest.fixture
def session_id(new_session: New) -> uuid.UUID:
    made = new_session()
    assert complete(claimed(), segments=dialogue("Speaker 1", "Speaker 2"))
    return made


def test_names_are_put_and_every_format_has_them(client: httpx.Client, session_id: uuid.UUID) -> None:
    address = f"/sessions/{session_id}"
    before = client.get(f"{address}/speakers")
    assert (before.status_code, before.json()) == (200, {"Speaker 1": None, "Speaker 2": None})
    assert client.put(f"{address}/speakers", json=NAMES).json() == NAMES
    assert client.get(f"{address}/speakers").json() == NAMES
    files = {name: client.get(f"{address}/transcript?format={name}").text for name in ("txt", "srt", "vtt")}
    assert files["txt"] == "Coach: Well, maybe\nAnna <3 & co: What stops you?\n"
    assert "\nAnna <3 & co: What stops you?\n" in files["srt"]
    assert "\n<v Anna &lt;3 &amp; co>What stops you?\n" in files["vtt"]
    segments = client.get(f"{address}/transcript").json()["segments"]
    assert [(one["speaker"], one["speaker_label"]) for one in segments] == [
        *(("Coach", "Speaker 1"), ("Anna <3 & co", "Speaker 2")),
    ]


def test_a_label_that_is_left_out_or_empty_is_shown_again(client: httpx.Client, session_id: uuid.UUID) -> None:
    address = f"/sessions/{session_id}/speakers"
    client.put(address, json=NAMES)
    assert client.put(address, json={"Speaker 2": "Ben"}).json() == {"Speaker 1": None, "Speaker 2": "Ben"}
    assert client.put(address, json={"Speaker 2": " "}).json() == {"Speaker 1": None, "Speaker 2": None}
    assert client.put(address, json={"Speaker 1": None}).json() == {"Speaker 1": None, "Speaker 2": None}


@pytest.mark.parametrize(
    ("names", "code", "words"),
    [
        ({"Speaker 3": "Ben"}, "speaker-unknown", "It has Speaker 1 and Speaker 2."),
        ({"\x00": "Ben"}, "speaker-unknown", "It has Speaker 1 and Speaker 2."),
        ({"Speaker 1": "\u0958" * 80}, "name-too-long", "may have 80 characters"),
        ({"Speaker 1": "a" * 81}, "invalid-request", ""),
        ({"Speaker 1": 7}, "invalid-request", ""),
        (["Coach"], "invalid-request", ""),
    ],
)
def test_what_cannot_be_changes_nothing(
    client: httpx.Client, session_id: uuid.UUID, names: object, code: str, words: str
) -> None:
    address = f"/sessions/{session_id}/speakers"
    client.put(address, json=NAMES)
    refusal = client.put(address, json=names)
    assert (refusal.status_code, refusal.json()["code"]) == (422, code)
    assert words in refusal.json()["detail"]
    assert client.get(address).json() == NAMES


def test_before_the_transcript_is_there_and_after_it_is_gone(
    client: httpx.Client, new_session: New, session_id: uuid.UUID
) -> None:
    waiting = f"/sessions/{new_session()}/speakers"
    assert client.get(waiting).json() == {}
    refusal = client.put(waiting, json={"Speaker 1": "Coach"})
    assert (refusal.status_code, refusal.json()["code"]) == (409, "not-possible-now")
    assert "once the transcript is complete" in refusal.json()["detail"]
    set_facts(session_id, "finished_at = now() - interval '9 days'")
    with transaction() as db:
        assert expire_transcripts(db, 8) == [session_id]
    for gone in (
        client.get(f"/sessions/{session_id}/speakers"),
        client.put(f"/sessions/{session_id}/speakers", json=NAMES),
    ):
        assert (gone.status_code, gone.json()["code"]) == (410, "transcript-removed")
    assert client.get(f"/sessions/{uuid.uuid4()}/speakers").status_code == 404
