"""Migrations go up, down and up again, and end where the models are; an old schema is refused with what mends it."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, create_engine, inspect, make_url, text

from store.database import engine
from store.migrations import MEND, SchemaNotAtHead, check, config
from store.schema import Base

OURS = set(Base.metadata.tables)


@pytest.fixture
def scratch_url() -> Iterator[str]:
    """A database of this test's own."""
    name = f"scratch_{uuid.uuid4().hex}"
    admin = engine().execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql", database=name)
    yield url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def connection(scratch_url: str) -> Iterator[Connection]:
    scratch = create_engine(make_url(scratch_url).set(drivername="postgresql+psycopg2"))
    with scratch.connect() as opened:
        yield opened
    scratch.dispose()


def migrate(connection: Connection, revision: str) -> None:
    alembic = config()
    alembic.attributes["connection"] = connection
    (command.downgrade if revision in {"base", "-1"} else command.upgrade)(alembic, revision)
    connection.commit()


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_up_down_and_up_again_ends_where_the_models_are(connection: Connection) -> None:
    migrate(connection, "head")
    assert tables(connection) == OURS
    assert differences(connection) == []
    migrate(connection, "base")
    assert tables(connection) == set()
    migrate(connection, "head")
    assert differences(connection) == []


def test_each_check_of_the_models_is_in_the_database(connection: Connection) -> None:
    """Alembic does not compare CHECK constraints, so this does."""
    migrate(connection, "head")
    inspector = inspect(connection)
    for table in Base.metadata.tables.values():
        declared = {check.name for check in table.constraints if isinstance(check, CheckConstraint)}
        assert {check["name"] for check in inspector.get_check_constraints(table.name)} == declared, table.name


def test_a_schema_at_head_is_accepted(connection: Connection) -> None:
    migrate(connection, "head")
    check(connection)


def test_an_empty_database_is_refused_with_the_command_that_mends_it(connection: Connection) -> None:
    with pytest.raises(SchemaNotAtHead, match=f"at nothing.*{MEND}"):
        check(connection)


def test_an_older_schema_is_refused(connection: Connection) -> None:
    migrate(connection, "head")
    connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(SchemaNotAtHead, match="at 0000, this version needs"):
        check(connection)


def test_the_command_that_mends_it_does(scratch_url: str, connection: Connection) -> None:
    def run(verb: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "store.migrations", verb],
            env=os.environ | {"DATABASE_URL": scratch_url},
            capture_output=True,
            text=True,
            check=False,
        )

    refused = run("check")
    assert refused.returncode == 1
    assert MEND in refused.stderr
    assert run("upgrade").returncode == 0
    assert run("check").returncode == 0
    assert run("downgrade").returncode == 0
    assert run("check").returncode == 1  # one step below head
    assert run("sideways").returncode == 2


def test_titles_that_came_as_two_signs_a_letter_are_found_as_people_type_them(connection: Connection) -> None:
    """Revision 0011; what is stored since then is one sign."""
    migrate(connection, "0010")
    connection.execute(
        text(
            "INSERT INTO session (id, owner, title, audio_filename, audio_uri, audio_size_bytes, audio_sha256,"
            " audio_format, duration_total, language, engine)"
            " VALUES (gen_random_uuid(), 'coach', :title, :title, 'x', 1, 'x', 'WAV', 1, 'en', 'pocketsphinx')"
        ),
        {"title": "U\u0308bung"},
    )
    connection.commit()
    migrate(connection, "head")
    [shown] = connection.execute(text("SELECT title, audio_filename, search_text FROM session")).all()
    assert tuple(shown) == ("\u00dcbung", "\u00dcbung", "\u00fcbung\n\u00fcbung")


def test_sessions_from_before_keep_their_engine_language_and_chunks(connection: Connection) -> None:
    """Revision 0012, there and back: what it cannot say, a language that is not heard yet, becomes English."""
    migrate(connection, "0011")
    insert = (
        "INSERT INTO session (id, owner, title, audio_filename, audio_uri, audio_size_bytes, audio_sha256,"
        " audio_format, duration_total, language, engine)"
        " VALUES (gen_random_uuid(), 'coach', 't', 't', :uri, 1, 'x', 'WAV', 60, :language, :engine)"
    )
    connection.execute(text(insert), {"uri": "a", "language": "en-GB", "engine": "pocketsphinx"})
    connection.execute(
        text(
            "INSERT INTO transcript_chunk (session_id, engine, start_sec, end_sec, claim_no, segments)"
            " SELECT id, engine, 0, 20, 1, '[]' FROM session"
        )
    )
    connection.commit()
    migrate(connection, "head")
    facts = "language, language_detected, language_heard, speakers, duration_begun, engine"
    [old] = connection.execute(text(f"SELECT {facts} FROM session")).all()
    assert tuple(old) == ("en-GB", False, None, "one", 0.0, "pocketsphinx")
    assert connection.scalars(text("SELECT model FROM transcript_chunk")).all() == [""]
    connection.execute(text(insert), {"uri": "b", "language": "detect", "engine": "whisper"})
    connection.execute(text("INSERT INTO speaker SELECT id, 'Speaker 1', 'Anna' FROM session"))
    connection.commit()
    migrate(connection, "-1")
    languages = connection.execute(text("SELECT language, engine FROM session ORDER BY audio_uri")).all()
    assert [tuple(row) for row in languages] == [("en-GB", "pocketsphinx"), ("en", "whisper")]
    assert len(connection.execute(text("SELECT * FROM transcript_chunk")).all()) == 1
    connection.commit()
    migrate(connection, "head")
