"""`python -m tools.psql`: psql on the database, the one of the embedded Postgres' wheel, else the installed one."""

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

from store.embedded.errors import ProgramError, ServerError
from store.embedded.postgres_server import programs
from store.embedded.versions import check_version

VERSION_LINE = r"^psql \(PostgreSQL\) (\d+(?:\.\d+)*)"
MIN_VERSION = (12,)  # older ones ask for a column that PostgreSQL 12 took away
TERMINFO = "/etc/terminfo:/lib/terminfo:/usr/share/terminfo"  # the wheel alone does not look where Debian keeps it


def find_psql() -> Path:
    """The psql to run, by the name it was found by: Debian's is a link to a program that tells by it what to be.

    Raises ServerError with all that was found and why it will not do.
    """
    refused, found = [], []
    try:
        found.append(programs() / "psql")
    except ServerError as error:
        refused.append(str(error))
    if on_path := shutil.which("psql"):
        found.append(Path(on_path).absolute())
    for psql in found:
        try:
            check_version([psql, "--version"], "psql", VERSION_LINE, at_least=MIN_VERSION)
            return psql
        except ProgramError as error:
            refused.append(str(error))
    raise ServerError(" ".join([*refused, f"Install psql {MIN_VERSION[0]} or newer (on Debian: postgresql-client)."]))


def main() -> NoReturn:
    """Become psql, or exit with a sentence when there is none."""
    try:
        psql = find_psql()
    except ServerError as error:
        sys.exit(str(error))
    os.environ.setdefault("TERMINFO_DIRS", TERMINFO)
    os.execv(psql, [str(psql), os.environ["DATABASE_URL"], *sys.argv[1:]])


if __name__ == "__main__":
    main()
