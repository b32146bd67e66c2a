"""The door before the app: the app's answers, kept for a moment, for whom they are meant, and out on a change."""

import asyncio
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from api import gathered, rate_limits
from api.answers import SessionAnswer
from api.app import api_app
from api.status_door import StatusDoor
from jobs import board, people, retry_cancel, sign_in, tokens
from jobs.people import Change
from jobs.policy import Person
from store.database import transaction
from store.tokens import TokenScope
from tests.instruments.claims import claimed, complete, set_facts
from tests.instruments.waiting import wait_until

NewSession = Callable[..., uuid.UUID]
ISSUER = "https://id.example.org"
TO_THE_APP = {"to-the-app": "1"}  # a query is not the door's business
OF_THE_READING = {"as_of", "progress", "remaining_sec", "remaining_text", "estimated_completion"}


@pytest.fixture
def with_sign_in(settings_of: Callable[..., None]) -> Iterator[None]:
    settings_of(oidc_issuer=ISSUER, oidc_allowed_domains="example.org", ops_emails="olga@example.org")
    rate_limits.forget()
    yield
    rate_limits.forget()


def person(name: str) -> Person:
    return sign_in.sign_in(issuer=ISSUER, subject=name, email=f"{name}@example.org", name=name, email_verified=True)


def bearer(who: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.make_token(who, name='t', scope=TokenScope.READ, days=1)}"}


def sessions_in_all_states(new_session: NewSession) -> dict[str, uuid.UUID]:
    made = {"completed": new_session(title='She said "as_of":"x" twice')}
    assert complete(claimed())
    made["cancelled"] = new_session()
    retry_cancel.cancel(made["cancelled"], actor="coach")
    made["processing"] = new_session()
    claimed()
    set_facts(made["processing"], "duration_processed = 20, moved_at = clock_timestamp()")
    made["pending"] = new_session()
    return made


def test_facts_and_headers_are_those_of_the_app(client: httpx.Client, new_session: NewSession) -> None:
    for state, session_id in sessions_in_all_states(new_session).items():
        for address in (f"/sessions/{session_id}", f"/sessions/{session_id}/status"):
            ours, apps = client.get(address), client.get(address, params=TO_THE_APP)
            assert (ours.status_code, ours.json()["status"]) == (200, state)
            assert "etag" in ours.headers
            assert "etag" not in apps.headers
            SessionAnswer.model_validate_json(ours.content)
            assert list(ours.json()) == list(apps.json())
            differ = {name for name, value in apps.json().items() if ours.json()[name] != value}
            assert differ <= OF_THE_READING
            same = set(apps.headers) - {"date", "x-request-id", "content-length", "cache-control"}
            assert {name: ours.headers[name] for name in same} == {name: apps.headers[name] for name in same}
            assert re.fullmatch("[0-9a-f]{12}", ours.headers["x-request-id"])
            assert ours.headers["cache-control"] == "private, no-cache"
            assert ours.headers["vary"] == "Authorization, Cookie"


def test_what_it_does_not_know_the_app_answers(client: httpx.Client) -> None:
    for address in (f"/sessions/{uuid.uuid4()}/status", "/sessions/nonsense", f"/sessions/{uuid.uuid4()}/nothing"):
        answer = client.get(address)
        assert answer.status_code in {404, 422}
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"


def test_another_hosts_name_opens_nothing_though_the_answer_is_kept(
    client: httpx.Client, new_session: NewSession
) -> None:
    address = f"/sessions/{new_session()}/status"
    assert client.get(address).status_code == 200
    assert client.get(address, headers={"Host": "elsewhere.example"}).status_code == 421
    assert client.get(address, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401


def test_unchanged_is_304_whenever_it_was_read_and_a_change_is_another_etag(
    client: httpx.Client, new_session: NewSession
) -> None:
    session_id = new_session()
    complete(claimed())
    address = f"/sessions/{session_id}/status"
    first = client.get(address)
    tag = first.headers["etag"]
    assert re.fullmatch('W/"[0-9a-f]{24}"', tag)

    def read_later() -> bool:
        return bool(client.get(address).json()["as_of"] != first.json()["as_of"])

    wait_until(read_later)
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = client.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["x-content-type-options"] == "nosniff"
        assert again.headers["cache-control"] == "private, no-cache"
        assert not {"content-type", "content-security-policy"} & set(again.headers)  # kept with the answer itself
    set_facts(session_id, "title = 'Another title'")
    changed = client.get(address, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["title"]) == (200, "Another title")
    assert changed.headers["etag"] != tag


def test_what_this_process_changes_is_seen_at_once(client: httpx.Client, new_session: NewSession) -> None:
    """Through the API, and through what the dashboard's pages call."""
    first, second = new_session(), new_session()
    for _ in range(5):
        for session_id, cancel in ((first, True), (second, False)):
            address = f"/sessions/{session_id}"
            assert client.get(f"{address}/status").json()["status"] == "pending"
            if cancel:
                client.post(f"{address}/cancel").raise_for_status()
            else:
                retry_cancel.cancel(session_id, actor="a page")
            assert client.get(f"{address}/status").json()["status"] == "cancelled"
            client.post(f"{address}/retry").raise_for_status()
    client.post(f"/sessions/{first}/cancel").raise_for_status()
    assert client.get(f"/sessions/{second}").json()["queue"] == {"position": 1, "of": 1, "wait_sec": 0}
    client.delete(f"/sessions/{second}").raise_for_status()
    assert client.get(f"/sessions/{second}").status_code == 404


def test_what_another_process_changes_is_seen_within_the_second(client: httpx.Client, new_session: NewSession) -> None:
    address = f"/sessions/{new_session()}/status"
    assert client.get(address).json()["title"] == "Session"
    with transaction() as db:
        db.execute(text("UPDATE session SET title = 'By another process'"))  # nobody is told
    wait_until(lambda: client.get(address).json()["title"] == "By another process", 2.0)


def test_a_database_that_never_answers_is_not_waited_for(
    client: httpx.Client, new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, thawed = f"/sessions/{new_session()}/status", Event()
    honest = board.seen

    def frozen(ids: Sequence[uuid.UUID], who: Person | None = None) -> list[board.Seen]:
        thawed.wait()
        return honest(ids, who)

    with monkeypatch.context() as frost:
        frost.setattr(board, "seen", frozen)
        frost.setattr(gathered, "PATIENCE_SEC", 0.05)
        answer = client.get(address)
        thawed.set()
    assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
    assert (answer.headers["retry-after"], answer.headers["cache-control"]) == ("5", "no-store")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(address).status_code == 200


@pytest.mark.usefixtures("with_sign_in")
def test_a_kept_answer_is_for_those_alone_who_may_see_it(client: httpx.Client, new_session: NewSession) -> None:
    anna, ben, olga = person("anna"), person("ben"), person("olga")
    headers = {who.name: bearer(who) for who in (anna, ben, olga)}
    address = f"/sessions/{new_session(owner=anna.account_id)}/status"
    for _ in range(3):
        assert client.get(address, headers=headers["anna"]).status_code == 200
        assert client.get(address, headers=headers["olga"]).status_code == 200
        assert client.get(address, headers=headers["ben"]).status_code == 404
        assert client.get(address).status_code == 401
    tag = client.get(address, headers=headers["anna"]).headers["etag"]
    assert client.get(address, headers=headers["ben"] | {"If-None-Match": tag}).status_code == 404


@pytest.mark.usefixtures("with_sign_in")
def test_whoever_is_out_gets_no_kept_answer(client: httpx.Client, new_session: NewSession) -> None:
    anna, olga = person("anna"), person("olga")
    address = f"/sessions/{new_session(owner=anna.account_id)}/status"
    revoked, disabled, demoted = bearer(anna), bearer(anna), bearer(olga)
    for sent in (revoked, disabled, demoted):
        assert client.get(address, headers=sent).status_code == 200
    assert tokens.revoke_token(revoked["Authorization"].split("_")[1], anna)
    assert client.get(address, headers=revoked).status_code == 401
    assert client.get(address, headers=disabled).status_code == 200
    people.change(Change.REVOKE, olga.email)
    assert client.get(address, headers=demoted).status_code == 404
    people.change(Change.DISABLE, anna.email)
    assert client.get(address, headers=disabled).status_code == 401


@pytest.mark.usefixtures("with_sign_in")
def test_an_account_that_another_process_disables_is_out_within_the_second(
    client: httpx.Client, new_session: NewSession
) -> None:
    anna = person("anna")
    address, sent = f"/sessions/{new_session(owner=anna.account_id)}/status", bearer(anna)
    assert client.get(address, headers=sent).status_code == 200
    with transaction() as db:
        db.execute(text("UPDATE account SET disabled_at = clock_timestamp()"))
    wait_until(lambda: client.get(address, headers=sent).status_code == 401, 2.0)


@pytest.mark.usefixtures("with_sign_in")
def test_every_call_counts_kept_or_not(
    client: httpx.Client, new_session: NewSession, settings_of: Callable[..., None]
) -> None:
    settings_of(rate_limit_per_minute=5)
    anna = person("anna")
    address, sent = f"/sessions/{new_session(owner=anna.account_id)}/status", bearer(anna)
    answers = [client.get(address, headers=sent) for _ in range(4)]
    unchanged = client.get(address, headers={**sent, "If-None-Match": answers[0].headers["etag"]})
    answers += [unchanged, client.get(address, headers=sent)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [304, 429]
    left = [re.findall(r"r=(\d+)", answer.headers["ratelimit"]) for answer in answers]
    assert left == [["4"], ["3"], ["2"], ["1"], ["0"], ["0"]]
    assert answers[0].headers["ratelimit-policy"] == '"calls";q=5;w=60'
    assert "ratelimit-policy" not in unchanged.headers  # kept with the answer itself
    assert answers[5].headers["retry-after"]


@pytest.mark.usefixtures("with_sign_in")
def test_what_the_app_answers_counts_once_and_above_the_limit_nothing_is_looked_up(
    client: httpx.Client, settings_of: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_of(rate_limit_per_minute=3)
    sent, asked = bearer(person("anna")), 0
    honest = board.seen

    def seen(ids: Sequence[uuid.UUID], who: Person | None = None) -> list[board.Seen]:
        nonlocal asked
        asked += 1
        return honest(ids, who)

    monkeypatch.setattr(board, "seen", seen)
    answers = [client.get(f"/sessions/{uuid.uuid4()}/status", headers=sent) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert [re.findall(r"r=(\d+)", answer.headers["ratelimit"]) for answer in answers] == [["2"], ["1"], ["0"]]
    before = asked
    assert client.get(f"/sessions/{uuid.uuid4()}/status", headers=sent).status_code == 429
    assert asked == before


def test_what_nobody_foresaw_is_the_apps_to_answer(
    client: httpx.Client, new_session: NewSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("api.status_door.status_answer", lambda _: 1 / 0)
    answer = client.get(f"/sessions/{new_session()}/status")
    assert answer.status_code == 200
    assert "etag" not in answer.headers
    assert "The status door failed" in caplog.messages


@pytest.mark.parametrize("keep_sec", [0.9, 0])
def test_many_who_ask_at_once_cost_one_reading_unless_nothing_is_kept(
    new_session: NewSession, settings_of: Callable[..., None], monkeypatch: pytest.MonkeyPatch, keep_sec: float
) -> None:
    settings_of(status_cache_sec=keep_sec)
    session_id = new_session()
    asked: list[uuid.UUID] = []
    honest = board.seen

    def seen(ids: Sequence[uuid.UUID], who: Person | None = None) -> list[board.Seen]:
        asked.extend(ids)
        return honest(ids, who)

    monkeypatch.setattr(board, "seen", seen)
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/api/v1/sessions/{session_id}/status",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")],
        "server": ("127.0.0.1", 8501),
        "client": ("127.0.0.1", 1),
    }
    sent: list[Any] = []

    async def all_at_once() -> None:
        door = StatusDoor(api_app)

        async def send(message: Any) -> None:
            sent.append(message)

        await asyncio.gather(*(door(dict(scope), None, send) for _ in range(40)))  # type: ignore[arg-type]

    asyncio.run(all_at_once())
    assert [message["status"] for message in sent if "status" in message] == [200] * 40
    assert asked == [session_id] * (1 if keep_sec else 40)
