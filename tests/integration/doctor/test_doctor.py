"""The doctor on real servers, as the real program: all is well, and each thing that may be wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from jobs import doorbell
from jobs.doctor.checks import database, queue, speech
from jobs.doctor.finding import Finding
from jobs.queue_health import queue_health
from store.database import engine, transaction
from store.server_facts import silences
from store.settings import settings

PATIENCE_SEC = 60.0
SettingsOf = Callable[..., None]
NewSession = Callable[..., uuid.UUID]


def doctor(*arguments: str, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The program's exit code, and its findings by name."""
    run = subprocess.run(
        [sys.executable, "-m", "jobs.doctor", "--json", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SEC,
        check=False,
    )
    assert run.stderr == ""
    return run.returncode, {finding["name"]: finding for finding in json.loads(run.stdout)["findings"]}


@contextmanager
def running(*modules: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Programs of ours, which are ended after."""
    programs = [subprocess.Popen([sys.executable, "-m", module], stdout=subprocess.DEVNULL) for module in modules]
    try:
        yield programs
    finally:
        for program in programs:
            program.send_signal(signal.SIGCONT)
            program.terminate()
        for program in programs:
            program.wait(PATIENCE_SEC)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SEC
    while not holds():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SEC:.0f} s for: {what}"
        time.sleep(0.05)


def reconcilers() -> int:
    with transaction() as db:
        return len(silences(db, queue.RECONCILER))


def by_name(found: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in found}


@pytest.fixture
def free_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's dashboard may be running beside the tests."""
    with socket.socket() as one, socket.socket() as other:
        for name, probe in (("DASHBOARD_PORT", one), ("RQ_DASHBOARD_PORT", other)):
            probe.bind(("127.0.0.1", 0))
            monkeypatch.setenv(name, str(probe.getsockname()[1]))


@pytest.mark.usefixtures("free_ports")
def test_an_installation_that_is_well() -> None:
    with running("jobs.worker", "jobs.reconcile"):
        wait_until(lambda: len(queue_health().workers) == 1, "a worker")
        wait_until(lambda: reconcilers() == 1, "a reconciler")
        code, found = doctor()
    assert {name: finding["says"] for name, finding in found.items() if not finding["ok"]} == {}
    assert code == 0
    assert "1 alive" in found["workers"]["says"]
    assert "1 alive" in found["reconcilers"]["says"]


@pytest.mark.usefixtures("free_ports")
def test_nobody_works() -> None:
    code, found = doctor()
    assert code == 1
    wrong = {name for name, finding in found.items() if finding["ok"] is False}
    assert wrong == {"workers", "reconcilers"}
    assert "python -m jobs.worker" in found["workers"]["fix"]


def test_a_reconciler_that_is_frozen(settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_of(reconcile_sec=0.1)
    with running("jobs.reconcile") as [program]:
        wait_until(lambda: reconcilers() == 1, "a reconciler")
        assert by_name(queue.repairs(settings()))["reconcilers"].ok
        program.send_signal(signal.SIGSTOP)
        wait_until(lambda: by_name(queue.repairs(settings()))["reconcilers"].ok is False, "its silence")


def test_sessions_without_doorbells(new_session: NewSession) -> None:
    new_session()
    missing = by_name(queue.repairs(settings()))["doorbells"]
    assert (missing.ok, missing.says) == (False, "0 for 1 sessions that are due")
    doorbell.ring()
    assert by_name(queue.repairs(settings()))["doorbells"].ok


def test_an_older_schema() -> None:
    with engine().begin() as connection:
        [head] = connection.execute(text("SELECT version_num FROM alembic_version")).one()
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        schema = by_name(database.database(settings()))["schema"]
    finally:
        with engine().begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head})
    assert (schema.ok, "python -m store.migrations upgrade" in schema.fix) == (False, True)
    assert f"at 0001, this version needs {head}" in schema.says
    assert by_name(database.database(settings()))["schema"].ok


def test_a_redis_that_forgets() -> None:
    with doorbell.connection() as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            policy = by_name(queue.redis(settings()))["redis policy"]
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
    assert (policy.ok, "CONFIG SET maxmemory-policy noeviction" in policy.fix) == (False, True)
    assert "allkeys-lru" in policy.says


@pytest.mark.usefixtures("free_ports")
def test_without_redis_the_rest_is_still_checked() -> None:
    code, found = doctor(REDIS_URL="redis://127.0.0.1:1/0")
    assert code == 1
    assert found["redis"]["ok"] is False
    assert "workers" not in found
    assert found["postgres"]["ok"] is True
    assert found["audio store"]["ok"] is True


@pytest.mark.usefixtures("free_ports")
def test_servers_that_take_connections_and_never_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        where = f"127.0.0.1:{frozen.getsockname()[1]}"
        code, found = doctor(DATABASE_URL=f"postgresql://nobody@{where}/none", REDIS_URL=f"redis://{where}/0")
    assert code == 1
    assert found["postgres"]["ok"] is False
    assert found["redis"]["ok"] is False
    assert found["engine"]["ok"] is True


def test_an_engine_that_refuses_this_desk() -> None:
    with transaction() as db:
        db.execute(
            text(
                "INSERT INTO engine_stop (engine, error_code, error_text, detail, next_try_at) VALUES "
                "('google', 'engine-refused', 'The service refuses this desk.', '403 no', clock_timestamp())"
            )
        )
    [stop] = speech.stops(settings())
    assert (stop.name, stop.ok) == ("engine google", False)
    assert "The service refuses this desk. (403 no)" in stop.says
    assert "troubleshooting.md#engine-refused" in stop.fix


def test_unreadable_settings_are_all_that_is_told() -> None:
    code, found = doctor(LEASE_SEC="soon")
    assert (code, set(found)) == (1, {"LEASE_SEC"})
    assert doctor("--settings-only", LEASE_SEC="soon")[0] == 1


def test_it_says_it_to_people(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "jobs.doctor"],
        env=os.environ | {"STT_ENGINE": "parrot"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SEC,
        check=False,
    )
    assert run.returncode == 1
    assert "\n       -> STT_ENGINE=pocketsphinx\n" in run.stdout
    assert "things are wrong" in run.stdout.splitlines()[-1]
