"""`python -m store.migrations upgrade|downgrade|check`: bring the schema to head, one step back, or compare."""

import sys

from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from store import locks
from store.database import engine
from store.migrations import SchemaNotAtHead, check, config


def main(arguments: list[str]) -> int:
    verb = arguments[0] if arguments else "check"
    if verb not in {"upgrade", "downgrade", "check"}:
        print(__doc__)
        return 2
    alembic = config()
    try:
        with engine().connect() as connection:
            connection.execute(text("SET statement_timeout = 0; SET lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": locks.MIGRATION})
            connection.commit()
            alembic.attributes["connection"] = connection
            if verb == "upgrade":
                command.upgrade(alembic, "head")
            elif verb == "downgrade":
                command.downgrade(alembic, "-1")
            else:
                check(connection)
            connection.commit()
    except (SchemaNotAtHead, RuntimeError, OperationalError) as error:
        reason = str(error).partition("\n")[0]
        print(f"Migration stopped, is DATABASE_URL right and Postgres running? {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
