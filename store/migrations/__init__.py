"""Changes of the schema, as Alembic migrations, and the check that the database is at the newest one."""

import logging
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from store.database import engine

MEND = "python -m store.migrations upgrade"
log = logging.getLogger(__name__)


class SchemaNotAtHead(RuntimeError):
    """The database's schema is not the one this version needs."""


def config() -> Config:
    """Alembic's configuration; there is no alembic.ini, since everything in it would repeat the settings."""
    alembic = Config()
    alembic.set_main_option("script_location", str(Path(__file__).parent))
    return alembic


def ready() -> bool:
    """Whether a program may start: the database answers and its schema is at head. Else why not is logged."""
    try:
        with engine().connect() as connection:
            check(connection)
    except (SchemaNotAtHead, RuntimeError, DBAPIError) as error:
        log.error("Cannot start: %s", str(error).partition("\n")[0])
        return False
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
