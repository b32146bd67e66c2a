"""`python -m tools.psql`: psql on the database, the installed one or that of the embedded Postgres' wheel."""

import os
import shutil
import sys

from store.embedded.postgres_server import programs

if __name__ == "__main__":
    psql = shutil.which("psql") or str(programs() / "psql")
    os.execv(psql, [psql, os.environ["DATABASE_URL"], *sys.argv[1:]])
