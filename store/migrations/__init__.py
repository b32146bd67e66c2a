"""Changes of the schema, as Alembic migrations, and the check that the database is at the newest one."""

import logging
import time
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from store import people_schema, provider_schema, statistics_schema  # noqa: F401  their tables are part of the schema
from store.database import engine

MEND = "python -m store.migrations upgrade"
PATIENCE_SEC = 1.0
log = logging.getLogger(__name__)


class SchemaNotAtHead(RuntimeError):
    """The database's schema is not the one this version needs."""


def config() -> Config:
    """Alembic's configuration; there is no alembic.ini, since everything in it would repeat the settings."""
    alembic = Config()
    alembic.set_main_option("script_location", str(Path(__file__).parent))
    return alembic


def ready() -> bool:
    """Whether a program may start, once the database answers: its schema is at head. Else why not is logged.

    It waits for a database that is away: to end and be started again by a supervisor takes longer each time.
    """
    while True:
        try:
            with engine().connect() as connection:
                check(connection)
        except (OperationalError, InterfaceError) as error:
            log.warning("Postgres does not answer, waiting for it: %s", str(error).partition("\n")[0])
            time.sleep(PATIENCE_SEC)
        except (SchemaNotAtHead, RuntimeError, DBAPIError) as error:
            log.error("Cannot start: %s", str(error).partition("\n")[0])
            return False
        else:
            return True


def check(connection: Connection) -> None:
    """Raise SchemaNotAtHead, naming the command that mends it, unless the schema is at head."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    found = MigrationContext.configure(connection).get_current_revision()
    if found != head:
        raise SchemaNotAtHead(
            f"The database's schema is at {found or 'nothing'}, this version needs {head}. Run `{MEND}` "
            "(with the same DATABASE_URL) and start again."
        )
