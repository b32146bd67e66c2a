"""Each check says what is wrong, and what mends it, when the settings lead to nothing."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from jobs.doctor.checks import database, machine, queue, speech, storage
from jobs.doctor.checks import settings as settings_checks
from jobs.doctor.finding import Finding
from jobs.queue_health import QueueHealth, WorkerSeen
from store.audio import audio_store
from store.database import engine
from store.settings import settings

NOW = datetime(2026, 1, 9, 10, 20, tzinfo=UTC)
SettingsOf = Callable[..., None]


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    yield
    for cached in (settings, audio_store, engine):
        cached.cache_clear()


@pytest.fixture
def set_to(settings_of: SettingsOf, tmp_path: Path) -> SettingsOf:
    """Change settings, and forget what was made of the old ones."""

    def change(**values: object) -> None:
        settings_of(**({"var_dir": tmp_path / "var"} | values))
        for cached in (audio_store, engine):
            cached.cache_clear()

    change()
    return change


def only(found: Iterable[Finding]) -> Finding:
    [finding] = found
    return finding


def the_wrong_one(found: Iterable[Finding]) -> Finding:
    return only(finding for finding in found if finding.ok is False)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_unreadable_setting_is_named(set_to: SettingsOf) -> None:
    assert settings_checks.unreadable() == []
    set_to(lease_sec="soon", workers=0)
    found = settings_checks.unreadable()
    assert {finding.name for finding in found} == {"LEASE_SEC", "WORKERS"}
    assert all(finding.ok is False and f"unset {finding.name}" in finding.fix for finding in found)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"lease_sec": 5, "heartbeat_sec": 5}, "LEASE_SEC"),
        ({"poll_sec": 90, "poll_cap_sec": 60}, "POLL_CAP_SEC"),
        ({"retry_base_sec": 90, "retry_cap_sec": 60}, "RETRY_CAP_SEC"),
        ({"rq_dashboard_username": "ops"}, "RQ_DASHBOARD_PASSWORD"),
    ],
)
def test_settings_that_do_not_go_together(values: dict[str, object], named: str, set_to: SettingsOf) -> None:
    set_to(**values)
    finding = only(settings_checks.settings_agree(settings()))
    assert finding.ok is False
    assert named in finding.says


def test_the_defaults_go_together(set_to: SettingsOf) -> None:
    assert only(settings_checks.settings_agree(settings())).ok


def test_a_desk_that_the_network_reaches_is_worth_a_note(set_to: SettingsOf) -> None:
    set_to(bind_host="0.0.0.0")
    found = list(settings_checks.settings_agree(settings()))
    assert [finding.ok for finding in found] == [None, None, False]
    assert ["ALLOWED_HOSTS" in finding.fix for finding in found] == [False, True, False]


def test_settings_with_which_the_desk_refuses_to_start_are_wrong(set_to: SettingsOf) -> None:
    set_to(bind_host="0.0.0.0")
    *_, refused = settings_checks.settings_agree(settings())
    assert "refuses to start" in refused.says
    assert "sign-in" in refused.says


def test_postgres_that_is_not_set(set_to: SettingsOf) -> None:
    set_to(database_url="")
    finding = only(database.database(settings()))
    assert (finding.ok, "make doctor" in finding.fix) == (False, True)


def test_postgres_that_does_not_answer(set_to: SettingsOf) -> None:
    set_to(database_url=f"postgresql://nobody:secret@127.0.0.1:{closed_port()}/none")
    finding = only(database.database(settings()))
    assert (finding.ok, finding.fix) == (False, database.START)
    assert "refused" in finding.says
    assert "secret" not in finding.says


def test_what_only_postgres_knows_is_not_called_wrong_beside_it(set_to: SettingsOf) -> None:
    for url in ("", f"postgresql://nobody@127.0.0.1:{closed_port()}/none"):
        set_to(database_url=url)
        assert only(queue.repairs(settings())).ok is None
        assert only(speech.stops(settings())).ok is None


@pytest.mark.parametrize(("ahead_sec", "well"), [(0, True), (1.5, True), (-1.5, True), (10, False), (-10, False)])
def test_a_clock_that_runs_apart(ahead_sec: float, well: bool) -> None:
    ours = NOW + timedelta(seconds=ahead_sec)
    finding = database.clock(NOW, ours, ours)
    assert finding.ok is well
    if not well:
        assert ("ahead of" if ahead_sec > 0 else "behind") in finding.says


def test_a_slow_answer_is_no_wrong_clock() -> None:
    assert database.clock(NOW, NOW - timedelta(seconds=4), NOW + timedelta(seconds=4)).ok


def test_redis_that_is_not_set_or_does_not_answer(set_to: SettingsOf) -> None:
    set_to(redis_url="")
    assert "make doctor" in only(queue.redis(settings())).fix
    set_to(redis_url=f"redis://127.0.0.1:{closed_port()}/0")
    finding = only(queue.redis(settings()))
    assert (finding.name, finding.ok) == ("redis", False)
    set_to(redis_url="http://127.0.0.1")
    assert only(queue.redis(settings())).ok is False


def test_a_full_redis() -> None:
    assert queue.memory(95, 100).ok is False
    assert queue.memory(95, 0).ok


def test_workers_that_have_not_been_heard_of() -> None:
    def seen(*ages_sec: float) -> QueueHealth:
        return QueueHealth(
            True,
            workers=tuple(
                WorkerSeen(f"w{number}", "idle", None, NOW - timedelta(seconds=age))
                for number, age in enumerate(ages_sec)
            ),
        )

    assert queue.workers(QueueHealth(True), NOW).ok is False
    assert queue.workers(QueueHealth(False), NOW).ok is False
    assert queue.workers(seen(3, 10), NOW).ok
    half_silent = queue.workers(seen(3, 500), NOW)
    assert (half_silent.ok, "w1" in half_silent.says, "w0" in half_silent.says) == (None, True, False)
    assert queue.workers(seen(400, 500), NOW).ok is False


def test_an_audio_store_that_cannot_be_written(set_to: SettingsOf, tmp_path: Path) -> None:
    in_the_way = tmp_path / "a-file"
    in_the_way.write_text("")
    set_to(audio_dir=in_the_way)
    finding = only(storage.audio(settings()))
    assert finding.ok is False
    assert "AUDIO_DIR" in finding.fix


def test_the_audio_store_is_left_as_it_was(set_to: SettingsOf) -> None:
    assert only(storage.audio(settings())).ok
    assert list(audio_store().list()) == []


def test_a_disk_that_is_too_small(set_to: SettingsOf) -> None:
    set_to(max_upload_mb=1, max_audio_hours=0.001)
    assert only(machine.disk(settings())).ok
    set_to(max_upload_mb=10**12)
    finding = only(machine.disk(settings()))
    assert (finding.ok, "VAR_DIR" in finding.fix) == (False, True)


def test_the_media_libraries_are_there(set_to: SettingsOf) -> None:
    assert only(machine.libraries(settings())).ok


def test_an_engine_that_nobody_knows(set_to: SettingsOf) -> None:
    set_to(stt_engine="parrot")
    finding = only(speech.default_engine(settings()))
    assert (finding.ok, finding.fix) == (False, "STT_ENGINE=pocketsphinx")
    assert "parrot" in finding.says


def test_a_port_that_somebody_else_has(set_to: SettingsOf) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        set_to(dashboard_port=port, rq_dashboard_port=closed_port())
        finding = the_wrong_one(machine.ports(settings()))
    assert finding.name == "DASHBOARD_PORT"
    assert f"DASHBOARD_PORT={port + 100 if port < 65000 else 8601}" in finding.fix


def test_a_port_that_is_ours(set_to: SettingsOf) -> None:
    class Dashboard(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status":"ok"}')

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Dashboard) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        set_to(dashboard_port=server.server_port, rq_dashboard_port=closed_port())
        found = list(machine.ports(settings()))
        server.shutdown()
    assert [finding.ok for finding in found] == [True, True]
    assert "is ours" in found[0].says
