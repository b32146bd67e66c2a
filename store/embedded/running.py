"""The servers that the settings ask for, started and stopped together."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from store.embedded.account import server_account, socket_folder
from store.embedded.postgres_server import PostgresServer
from store.embedded.redis_server import RedisServer
from store.embedded.server import Server


class EmbeddedUrls(NamedTuple):
    """Where the two servers are reached."""

    database_url: str
    redis_url: str


class EmbeddedServers:
    """Those of Postgres and Redis that are wanted, on the data in `var_dir`."""

    def __init__(self, var_dir: Path, *, postgres: bool = True, redis: bool = True, fast: bool = False) -> None:
        var_dir = var_dir.resolve()
        self.servers: dict[str, Server] = {}
        if not (postgres or redis):
            return
        var_dir.mkdir(parents=True, exist_ok=True)
        account = server_account()
        sockets = socket_folder(var_dir, account)
        if postgres:
            self.servers["DATABASE_URL"] = PostgresServer(var_dir, sockets, account, fast=fast)
        if redis:
            self.servers["REDIS_URL"] = RedisServer(var_dir, sockets, account, fast=fast)

    def start(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Return when all answer. Raises ServerError, or what `pause` raises; then call `stop` as well."""
        for server in self.servers.values():
            server.tend()  # both at once: each takes a while
        for server in self.servers.values():
            server.start(pause)

    def tend(self) -> None:
        """Start again whatever ended."""
        for server in self.servers.values():
            server.tend()

    def stop(self) -> None:
        """Stop those that are ours."""
        for server in reversed(self.servers.values()):
            server.stop()
        for sockets in {server.sockets for server in self.servers.values()}:
            with suppress(OSError):  # still in use by a server that is not ours
                sockets.rmdir()

    def environment(self) -> dict[str, str]:
        """The settings by which others reach them."""
        return {name: server.url for name, server in self.servers.items()}

    def pids(self) -> set[int]:
        """The processes that are ours."""
        return {server.pid for server in self.servers.values() if server.pid is not None}


@contextmanager
def embedded_servers(var_dir: Path, *, fast: bool = True) -> Iterator[EmbeddedUrls]:
    """Both servers on the data in `var_dir` while the block runs, `fast` without durability. Raises ServerError.

    To be entered in the main thread, for they end when the thread that started them does; nobody starts them again.
    """
    running = EmbeddedServers(var_dir, fast=fast)
    try:
        running.start()
        yield EmbeddedUrls(running.servers["DATABASE_URL"].url, running.servers["REDIS_URL"].url)
    finally:
        running.stop()
