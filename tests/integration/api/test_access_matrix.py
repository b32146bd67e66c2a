"""Every route of the OpenAPI, asked by everybody: who may, who may not, and for whom it is not there.

A route that is in no row of the table fails the test, so a new one cannot be forgotten. docs/security.md has the table.
"""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from api import rate_limits
from api.app import api_app
from jobs import people, sign_in, submit, tokens
from jobs.people import Change
from jobs.policy import Person, on_behalf_of
from jobs.speakers import naming
from store import intake, session_queries
from store.audit import AuditFilter, page
from store.database import transaction
from store.tokens import TokenScope
from tests.instruments.claims import WORDS, claimed, complete
from tests.instruments.desk import beeps, stored
from tools.access_table import CALLERS, MATRIX, TARGET, Call, table

ISSUER = "https://id.example.org"
RECORDING = beeps(0.3)
READY = "/v1/ready"


@pytest.fixture(autouse=True)
def desk_with_sign_in(settings_of: Callable[..., None]) -> Iterator[None]:
    settings_of(oidc_issuer=ISSUER, oidc_allowed_domains="example.org", ops_emails="olga@example.org")
    rate_limits.forget()
    yield
    rate_limits.forget()


def person(name: str) -> Person:
    return sign_in.sign_in(
        issuer=ISSUER, subject=name, email=f"{name}@example.org", name=name.title(), email_verified=True
    )


@pytest.fixture
def headers_of() -> dict[str, dict[str, str]]:
    """What each of the callers sends."""
    anna, ben, olga, dora = (person(name) for name in ("anna", "ben", "olga", "dora"))

    def bearer(who: Person, scope: TokenScope = TokenScope.WRITE) -> dict[str, str]:
        token = tokens.make_token(who, name="test", scope=scope, days=1)
        return {"Authorization": f"Bearer {token}"}

    sent = {
        "nobody": {},
        "owner": bearer(anna),
        "other coach": bearer(ben),
        "ops": bearer(olga),
        "disabled": bearer(dora),
        "read token": bearer(anna, TokenScope.READ),
        "expired token": bearer(anna),
        "revoked token": bearer(anna),
    }
    people.change(Change.DISABLE, dora.email)
    with transaction() as db:
        expired = sent["expired token"]["Authorization"].split("_")[1]
        db.execute(text("UPDATE api_token SET expires_at = now() - interval '1 s' WHERE id = :id"), {"id": expired})
    assert tokens.revoke_token(sent["revoked token"]["Authorization"].split("_")[1], anna)
    return sent


def anna_id() -> str:
    return person("anna").account_id


def completed_session(new_session: Callable[..., uuid.UUID]) -> uuid.UUID:
    session_id = new_session(owner=anna_id(), audio_uri=stored(RECORDING), duration_total=len(RECORDING) / 32_000)
    assert complete(claimed(), segments=[{**WORDS[0], "speaker": "Speaker 1"}])
    return session_id


def waiting_upload() -> uuid.UUID:
    upload_id = uuid.uuid4()
    recording = intake.Recording(
        id=upload_id,
        owner=anna_id(),
        audio_filename="canary-name.wav",
        audio_uri=stored(RECORDING),
        audio_size_bytes=len(RECORDING),
        audio_sha256=upload_id.hex * 2,
        audio_format="WAV, 16 kHz mono",
        duration_total=0.3,
    )
    submit.keep(recording)
    return upload_id


def ask(client: httpx.Client, call: Call, headers: dict[str, str], ids: dict[str, str]) -> httpx.Response:
    path = call.path.removeprefix("/v1").format(**ids)
    more: dict[str, Any] = {"files": {"file": ("talk.wav", RECORDING)}} if call.sends_recording else {}
    more |= {"json": {"Speaker 1": "canary"}} if call.sends_names else {}
    params = {"id": ids["session_id"]} if call.path == "/v1/sessions/status" else None
    return client.request(call.method, path, headers=headers, params=params, **more)


def routes() -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, operations in api_app.openapi()["paths"].items() for method in operations}


def test_the_table_has_every_route_and_no_other() -> None:
    listed = [(call.method, call.path) for call in MATRIX]
    assert len(listed) == len(set(listed))
    assert set(listed) == routes(), (
        "write who may use it into tools/access_table.py, then: python -m tools.access_table"
    )
    for call in MATRIX:
        assert set(call.answers) == set(CALLERS)


def test_the_page_is_as_the_table_would_write_it() -> None:
    assert table() in TARGET.read_text(), "run: python -m tools.access_table"


@pytest.mark.parametrize("caller", CALLERS)
def test_everybody_gets_what_the_table_says_on_every_route(
    caller: str, client: httpx.Client, headers_of: dict[str, dict[str, str]], new_session: Callable[..., uuid.UUID]
) -> None:
    """The sessions and uploads are all Anna's, new for each call, since some calls take them away."""
    wrong = {}
    for call in MATRIX:
        if call.path == READY:
            continue  # whether Redis and workers are there is not who asks
        with transaction() as db:
            db.execute(text("DELETE FROM session"))  # what an earlier call made or put into the queue
            db.execute(text("DELETE FROM upload"))
        session_id = completed_session(new_session) if "session" in call.path else uuid.uuid4()
        if call.needs_failed:
            with transaction() as db:
                db.execute(text("UPDATE session SET status = 'cancelled' WHERE id = :id"), {"id": session_id})
        upload_id = waiting_upload() if "upload_id" in call.path else uuid.uuid4()
        ids = {"session_id": str(session_id), "upload_id": str(upload_id)}
        answer = ask(client, call, headers_of[caller], ids)
        if answer.status_code != call.answers[caller]:
            wrong[call.method, call.path] = (answer.status_code, call.answers[caller], answer.text[:200])
        if answer.status_code >= 400:
            assert "canary" not in answer.text
            assert answer.headers["content-type"] == "application/problem+json"
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith('Bearer realm="Transcript Desk"')
        if call.path == "/v1/sessions/status" and caller == "other coach":
            assert answer.json() == {"items": [], "unknown": [str(session_id)]}
        if call.path in {"/v1/sessions", "/v1/uploads"} and call.method == "GET" and caller == "other coach":
            assert answer.json()["items"] == []
    assert wrong == {}


def test_what_was_refused_changed_nothing(
    client: httpx.Client, headers_of: dict[str, dict[str, str]], new_session: Callable[..., uuid.UUID], tmp_path: Path
) -> None:
    session_id, upload_id = completed_session(new_session), waiting_upload()
    with transaction() as db:
        before = session_queries.by_id(db, session_id)
    files = sorted(path.name for path in (tmp_path / "audio").rglob("*.wav"))
    for caller in sorted(set(CALLERS) - {"owner", "ops"}):
        for call in MATRIX:
            if call.method != "GET":
                ask(client, call, headers_of[caller], {"session_id": str(session_id), "upload_id": str(upload_id)})
    with transaction() as db:
        after = session_queries.by_id(db, session_id)
        assert intake.find_upload(db, upload_id, owner=anna_id()) is not None
    assert before is not None
    assert after is not None
    assert after.updated_at == before.updated_at
    assert set(files) <= {path.name for path in (tmp_path / "audio").rglob("*.wav")}


def test_what_is_done_is_on_record_with_who_and_what_and_no_words(
    client: httpx.Client, headers_of: dict[str, dict[str, str]], new_session: Callable[..., uuid.UUID]
) -> None:
    session_id, owner = completed_session(new_session), headers_of["owner"]
    for _ in range(3):  # polls
        client.get(f"/sessions/{session_id}", headers=owner)
        client.get(f"/sessions/{session_id}/transcript", headers=owner)
        client.get(f"/sessions/{session_id}/audio", headers=owner | {"Range": "bytes=0-9"})
    client.get(f"/sessions/{session_id}/transcript?format=txt", headers=owner)
    for _ in range(2):  # the second changes nothing
        client.put(f"/sessions/{session_id}/speakers", json={"Speaker 1": "canary"}, headers=owner)
    client.delete(f"/sessions/{session_id}", headers=owner)
    found = client.get("/audit", params={"session": str(session_id)}, headers=headers_of["ops"]).json()["items"]
    assert [(row["action"], row["detail"]) for row in reversed(found)] == [
        ("opened", "transcript as json"),
        ("opened", "recording"),
        ("downloaded", "transcript as txt"),
        ("named", "1 of its speakers"),
        ("deleted", None),
    ]
    assert {row["actor_email"] for row in found} == {"anna@example.org"}
    assert {row["address"] for row in found} == {"127.0.0.1"}


def test_the_audit_trail_page_by_page_and_as_csv(client: httpx.Client, headers_of: dict[str, dict[str, str]]) -> None:
    ops = headers_of["ops"]
    with transaction() as db:
        everything = [row.id for row in page(db, AuditFilter(), limit=200)]
    ids, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = client.get("/audit", params=query, headers=ops).json()
        ids += [row["id"] for row in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert ids == everything
    by_anna = client.get("/audit", params={"actor": "Anna@Example.org"}, headers=ops).json()["items"]
    assert {row["action"] for row in by_anna} == {"account-made", "signed-in", "token-made", "token-revoked"}
    assert {row["actor"] for row in by_anna} == {anna_id()}
    csv = client.get("/audit", params={"format": "csv", "action": "disabled"}, headers=ops)
    assert csv.headers["content-type"].startswith("text/csv")
    head, line = csv.text.splitlines()
    assert head == "at,action,actor,actor_email,session_id,target,detail,address"
    assert ",disabled,command,,,dora@example.org,," in line
    assert client.get("/audit", params={"action": "nonsense"}, headers=ops).status_code == 422


def test_ops_see_every_coachs_sessions_and_a_coach_their_own(
    client: httpx.Client, headers_of: dict[str, dict[str, str]], new_session: Callable[..., uuid.UUID]
) -> None:
    hers, his = new_session(owner=anna_id()), new_session(owner=person("ben").account_id)

    def seen(caller: str) -> set[str]:
        return {item["session_id"] for item in client.get("/sessions", headers=headers_of[caller]).json()["items"]}

    assert (seen("owner"), seen("other coach"), seen("ops")) == ({str(hers)}, {str(his)}, {str(hers), str(his)})


def test_row_level_security_shows_nothing_even_without_a_filter(new_session: Callable[..., uuid.UUID]) -> None:
    """Statements without any WHERE, as a forgotten filter would leave them."""
    anna, ben, olga = person("anna"), person("ben"), person("olga")
    tables = ("session", "processing_status", "attempt", "transcript_segment", "speaker", "upload")
    naming.name_all(completed_session(new_session), {"Speaker 1": "Anna"}, anna)
    waiting_upload()

    def counted(who: Person) -> list[int]:
        with on_behalf_of(who) as db:
            return [db.scalars(text(f"SELECT count(*) FROM {table}")).one() for table in tables]

    assert all(counted(anna))
    assert all(counted(olga))
    assert not any(counted(ben))
    with on_behalf_of(ben) as db:
        assert db.execute(text("UPDATE session SET title = 'x'")).rowcount == 0  # type: ignore[attr-defined]
        assert db.execute(text("DELETE FROM session")).rowcount == 0  # type: ignore[attr-defined]
