"""Changes of the schema, as Alembic migrations, and the check that the database is at the newest one."""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

MEND = "python -m store.migrations upgrade"


class SchemaNotAtHead(RuntimeError):
    """The database's schema is not the one this version needs."""


def config() -> Config:
    """Alembic's configuration; there is no alembic.ini, since everything in it would repeat the settings."""
    alembic = Config()
    alembic.set_main_option("script_location", str(Path(__file__).parent))
    return alembic


def check(connection: Connection) -> None:
    """Raise SchemaNotAtHead, naming the command that mends it, unless the schema is at head."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    found = MigrationContext.configure(connection).get_current_revision()
    if found != head:
        raise SchemaNotAtHead(
            f"The database's schema is at {found or 'nothing'}, this version needs {head}. Run `{MEND}` "
            "(with the same DATABASE_URL) and start again."
        )
