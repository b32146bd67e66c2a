"""Does Postgres answer, is its schema ours, and do its clock and room suffice?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from jobs.doctor.finding import Finding, fine, in_short, note, wrong
from store import migrations
from store.database import engine, transaction
from store.server_facts import ServerFacts, server_facts
from store.settings import Settings

OLDEST_TESTED = 15
SKEW_SEC = 2.0
NEARLY_FULL = 0.8
START = "start Postgres, or correct DATABASE_URL"
MORE_ROOM = "raise max_connections in postgresql.conf, or run fewer workers"
CAUSES = {  # a part of what libpq says, and what mends it
    "password authentication failed": "correct the user name or password in DATABASE_URL",
    "no password supplied": "name the password: DATABASE_URL=postgresql://USER:PASSWORD@HOST/NAME",
    "does not exist": "`createdb NAME` or `createuser NAME` on the server, or correct DATABASE_URL",
    "could not translate host name": "correct the host's name in DATABASE_URL",
    "no pg_hba.conf entry": "allow this host and user in Postgres' pg_hba.conf",
    "too many clients": MORE_ROOM,
    "remaining connection slots": MORE_ROOM,
    "SSL": "let sslmode suit the server: DATABASE_URL=postgresql://…?sslmode=require",
}
UNKNOWN = "it cannot be known while Postgres does not answer with the schema at head"
NO_ANSWER = (DBAPIError, ArgumentError, RuntimeError)  # RuntimeError: DATABASE_URL is not set


def database(configured: Settings) -> Iterator[Finding]:
    """Postgres, and what can be asked only when it answers."""
    if not configured.database_url:
        yield wrong("postgres", "DATABASE_URL is not set", "`make doctor`, or DATABASE_URL=postgresql://…")
        return
    try:
        with transaction() as db:
            began = datetime.now(UTC)
            facts = server_facts(db)
            ended = datetime.now(UTC)
    except ArgumentError as error:
        yield wrong("postgres", in_short(error), "DATABASE_URL=postgresql://USER:PASSWORD@HOST/NAME")
        return
    except DBAPIError as error:
        reason = in_short(error.orig or error)
        yield wrong("postgres", reason, next((fix for part, fix in CAUSES.items() if part in reason), START))
        return
    yield _version(facts, configured)
    yield _schema()
    yield clock(facts.now, began, ended)
    yield _room(facts)


def _version(facts: ServerFacts, configured: Settings) -> Finding:
    url = make_url(configured.database_url)
    where = f"{url.database} on {url.host or url.query.get('host') or 'this machine'}"
    says = f"PostgreSQL {facts.version} answers ({where})"
    if facts.major < OLDEST_TESTED:
        return note("postgres", f"{says}; this was tested with {OLDEST_TESTED} and newer", "upgrade Postgres")
    return fine("postgres", says)


def _schema() -> Finding:
    try:
        with engine().connect() as connection:
            migrations.check(connection)
    except migrations.SchemaNotAtHead as error:
        return wrong("schema", in_short(error).partition(". Run")[0], f"{migrations.MEND}   (`make run` does it)")
    return fine("schema", "at head")


def clock(theirs: datetime, began: datetime, ended: datetime) -> Finding:
    """How far this host's clock is from Postgres', which answered between `began` and `ended`."""
    early, late = (began - theirs).total_seconds(), (theirs - ended).total_seconds()
    skew_sec = max(early, late, 0.0)
    if skew_sec > SKEW_SEC:
        direction = "ahead of" if early > 0 else "behind"
        return wrong(
            "clock",
            f"this host is {timedelta(seconds=round(skew_sec))} {direction} Postgres",
            "timedatectl set-ntp true   (on both hosts)",
        )
    return fine("clock", f"this host and Postgres agree within {SKEW_SEC:g} s")


def _room(facts: ServerFacts) -> Finding:
    says = f"{facts.connections} of {facts.most_connections} are in use"
    if facts.connections > NEARLY_FULL * facts.most_connections:
        return wrong("connections", says, MORE_ROOM)
    return fine("connections", says)
