"""Postgres stopped, restarted and frozen, its backends terminated, and its connections cut, delayed and silenced."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2

from tests.faults.desk import Desk
from tests.faults.faults import Fault, NothingToHit
from tests.faults.process_faults import send
from tests.faults.proxy import AtCommit, Proxy
from tests.faults.schedule import Planned

BACK_WITHIN_SEC = 30.0
COMMIT_WITHIN_SEC = 5.0
COMMITS = 2  # that one fault meets
DELAY_SEC = 0.1


def stopped_at_once(desk: Desk, proxy: Proxy, planned: Planned, fault: Fault) -> None:
    """Immediate shutdown, as after a power cut; the keeper starts it again and it recovers from its log."""
    _stop(desk, signal.SIGQUIT)


def restarted(desk: Desk, proxy: Proxy, planned: Planned, fault: Fault) -> None:
    """Fast shutdown: everyone is disconnected."""
    _stop(desk, signal.SIGINT)


def frozen(desk: Desk, proxy: Proxy, planned: Planned, fault: Fault) -> None:
    servers = desk.servers("postgres")
    for server in servers:
        send(server, signal.SIGSTOP)
    try:
        time.sleep(planned.lasts_sec)
    finally:
        for server in servers:
            send(server, signal.SIGCONT)


def backends_terminated(desk: Desk, proxy: Proxy, planned: Planned, fault: Fault) -> None:
    """Those of the product, whatever they are doing."""
    ask(
        desk,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )


def at_commit(action: AtCommit, desk: Desk, proxy: Proxy, planned: Planned, fault: Fault) -> None:
    """The next COMMITs: whether they counted is for the product to find out."""
    met = proxy.commits_met
    proxy.at_commit = [action] * COMMITS
    deadline = time.monotonic() + COMMIT_WITHIN_SEC
    while proxy.at_commit and time.monotonic() < deadline:
        time.sleep(0.02)
    proxy.at_commit = []
    if proxy.commits_met == met:
        raise NothingToHit


def cut(desk: Desk, proxy: Proxy, planned: Planned, fault: Fault) -> None:
    if not proxy.cut():
        raise NothingToHit


def delayed(desk: Desk, proxy: Proxy, planned: Planned, fault: Fault) -> None:
    proxy.delay_sec = DELAY_SEC
    time.sleep(planned.lasts_sec)
    proxy.delay_sec = 0.0


def silent(desk: Desk, proxy: Proxy, planned: Planned, fault: Fault) -> None:
    """Nothing passes, for longer than the lease; the connections stay open."""
    proxy.hold()
    time.sleep(desk.options.lease_sec + planned.lasts_sec)
    proxy.let_go()


def refused(desk: Desk, proxy: Proxy, planned: Planned, fault: Fault) -> None:
    proxy.refusing = True
    proxy.cut()
    time.sleep(planned.lasts_sec)
    proxy.refusing = False


@contextmanager
def asking(desk: Desk) -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """A function that returns the rows of a statement, past the proxy. psycopg2.Error while Postgres is away."""
    connection = psycopg2.connect(desk.urls.database, connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:

            def ask(statement: str) -> list[tuple[object, ...]]:
                cursor.execute(statement)
                return cursor.fetchall()

            yield ask
    finally:
        connection.close()


def ask(desk: Desk, statement: str) -> list[tuple[object, ...]]:
    """The rows of one statement, past the proxy. psycopg2.Error while Postgres is away."""
    with asking(desk) as answer:
        return answer(statement)


def terminate(desk: Desk, pid: int) -> None:
    """Terminate one backend; nothing happens when it is gone."""
    try:
        ask(desk, f"SELECT pg_terminate_backend({int(pid)})")
    except psycopg2.Error:
        return


def wait_for_postgres(desk: Desk) -> None:
    deadline = time.monotonic() + BACK_WITHIN_SEC
    while time.monotonic() < deadline:
        try:
            ask(desk, "SELECT 1")
        except psycopg2.Error:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"Postgres was not back within {BACK_WITHIN_SEC:.0f} s")


def _stop(desk: Desk, number: signal.Signals) -> None:
    servers = desk.servers("postgres")
    if not servers:
        raise NothingToHit
    before = servers[0].pid
    send(servers[0], number)
    deadline = time.monotonic() + BACK_WITHIN_SEC
    while any(server.pid == before for server in desk.servers("postgres")[:1]):
        if time.monotonic() > deadline:
            raise TimeoutError("Postgres did not stop")
        time.sleep(0.02)
    wait_for_postgres(desk)
